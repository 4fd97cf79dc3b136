/** An option that is there or not. */
export interface FlagOption {
  readonly kind: 'flag';
  readonly flags: string;
  readonly description: string;
}

/** An option with a text. */
export interface TextOption {
  readonly kind: 'text';
  readonly flags: string;
  readonly description: string;
}

/** An option with a text that must be given. */
export interface RequiredOption {
  readonly kind: 'required';
  readonly flags: string;
  readonly description: string;
}

/** An option that may be given several times. */
export interface ListOption {
  readonly kind: 'list';
  readonly flags: string;
  readonly description: string;
}

/** An option with a whole number. */
export interface NumberOption {
  readonly kind: 'number';
  readonly flags: string;
  readonly description: string;
}

/** An option with one of some words. */
export interface ChoiceOption<Word extends string = string> {
  readonly kind: 'choice';
  readonly flags: string;
  readonly description: string;
  readonly words: readonly Word[];
  readonly fallback: Word | undefined;
}

/** The same, where nothing is chosen unless it is said. */
export interface OptionalChoiceOption<Word extends string = string> extends ChoiceOption<Word> {
  readonly fallback: undefined;
}

export type Option = FlagOption | TextOption | RequiredOption | ListOption | NumberOption | ChoiceOption;
export type OptionTable = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O extends FlagOption
  ? boolean
  : O extends RequiredOption
    ? string
    : O extends ListOption
      ? readonly string[]
      : O extends NumberOption
        ? number | undefined
        : O extends OptionalChoiceOption<infer Word>
          ? Word | undefined
          : O extends ChoiceOption<infer Word>
            ? Word
            : string | undefined;

/** The values of a command's options, by the names in its table. */
export type OptionValues<Options extends OptionTable> = {
  readonly [Name in keyof Options]: ValueOf<Options[Name]>;
};

export function flag(flags: string, description: string): FlagOption {
  return { kind: 'flag', flags, description };
}

/** `flags` names the value: `--goal <text>`. */
export function text(flags: string, description: string): TextOption {
  return { kind: 'text', flags, description };
}

export function required(flags: string, description: string): RequiredOption {
  return { kind: 'required', flags, description };
}

export function list(flags: string, description: string): ListOption {
  return { kind: 'list', flags, description };
}

export function number(flags: string, description: string): NumberOption {
  return { kind: 'number', flags, description };
}

/** An option with one of some words, that may be left out. */
export function optionalChoice<const Word extends string>(
  flags: string,
  description: string,
  words: readonly Word[],
): OptionalChoiceOption<Word> {
  return { kind: 'choice', flags, description, words, fallback: undefined };
}

export function choice<const Word extends string>(
  flags: string,
  description: string,
  words: readonly Word[],
  fallback: NoInfer<Word>,
): ChoiceOption<Word> {
  return { kind: 'choice', flags, description, words, fallback };
}
