/** What an untracked file is, as far as its name tells. */
export type FileCategory =
  | 'secret'
  | 'configuration'
  | 'dependencies'
  | 'build'
  | 'editor'
  | 'tool'
  | 'other';

const dependencyNames = new Set(
  'node_modules bower_components jspm_packages .venv venv virtualenv .tox .nox vendor Pods .bundle elm-stuff .pnpm-store .yarn'.split(
    ' ',
  ),
);
const buildNames = new Set(
  'target build dist out .next .nuxt .output .svelte-kit .astro .turbo .parcel-cache .cache .gradle .mypy_cache .pytest_cache .ruff_cache __pycache__ coverage .nyc_output tmp temp logs log _build .terraform .angular .vite .eslintcache .tsbuildinfo bin obj DerivedData .dart_tool zig-cache .zig-cache zig-out'.split(
    ' ',
  ),
);
const editorNames = new Set(
  '.idea .vscode .vs .fleet .zed .project .classpath .settings .sublime-workspace .history .DS_Store'.split(
    ' ',
  ),
);
const toolNames = new Set(
  '.direnv .tool-versions .mise.toml mise.local.toml .nvmrc .asdf .local scripts.local'.split(' '),
);

/** Directories with so many files that nobody means them by `**`. */
const heavyNames = new Set([
  ...dependencyNames,
  ...[...buildNames].filter(
    (name) => name === 'target' || /^[._].*(?:cache|next|nuxt|gradle|tox)|__/.test(name),
  ),
]);

const secretPattern =
  /^\.env(?:\..+)?$|^\.envrc$|\.env$|\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk|asc|gpg)$|^id_(?:rsa|dsa|ecdsa|ed25519)$|secret|credential|password|passwd|(?:^|[._-])tokens?(?:[._-]|$)|^\.npmrc$|^\.pypirc$|^\.netrc$|^\.htpasswd$|service[-_]?account|^\.dev\.vars$|^master\.key$/i;
const configurationPattern =
  /\.(?:ya?ml|toml|ini|conf|cfg|json5?|jsonc|properties|xml|plist|tfvars)$|^\..*rc$|\.local(?:\.|$)|override|^settings/i;

/** True for a directory that `**` does not enter: dependencies, build output, caches. */
export function isHeavyName(name: string): boolean {
  return heavyNames.has(name);
}

/** True for a file whose content nobody wants to see on a terminal, by its name. */
export function looksSecret(name: string): boolean {
  return secretPattern.test(name) && !/\.(?:example|sample|template|dist|pub)$/i.test(name);
}

/** What a file or directory of this name is. `kind` is what it is on disk. */
export function categoryOf(name: string, kind: 'directory' | 'file'): FileCategory {
  if (editorNames.has(name) || /\.(?:iml|swp|swo|sublime-workspace|code-workspace)$|~$/.test(name))
    return 'editor';
  if (toolNames.has(name)) return 'tool';
  if (kind === 'directory') {
    if (dependencyNames.has(name)) return 'dependencies';
    if (buildNames.has(name) || /cache$|\.egg-info$/i.test(name)) return 'build';
    return looksSecret(name) ? 'secret' : 'other';
  }
  if (looksSecret(name)) return 'secret';
  if (buildNames.has(name) || /\.(?:log|pyc|o|a|so|class|tmp|pid|tsbuildinfo)$/i.test(name)) return 'build';
  if (configurationPattern.test(name)) return 'configuration';
  return /\.(?:sh|bash|zsh|fish|ps1)$/.test(name) ? 'tool' : 'other';
}
