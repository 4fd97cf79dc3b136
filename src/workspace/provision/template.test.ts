import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProvisionError } from './provision-error.ts';
import { Template } from './template.ts';

const values = {
  slug: 'one',
  markup: '<a & b>',
  ports: { web: 20_001, db: 20_002 },
  env: { STAGE: 'test', EMPTY: '' },
  secret: { KEY: 'hunter2' },
};

function rendered(text: string): string {
  return new Template('t.j2', text).render(values);
}

function refused(text: string, code: string, message: RegExp): void {
  assert.throws(
    () => rendered(text),
    (error: ProvisionError) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    },
  );
}

describe('a template', () => {
  test('is filled in as it is, without escapes for web pages', () => {
    assert.equal(
      rendered('a={{ slug }}\nb={{ markup }}\nc={{ ports.web + 1 }}\n'),
      'a=one\nb=<a & b>\nc=20002\n',
    );
  });

  test('leaves no empty line where a line has only a tag', () => {
    const text =
      '{% if env.STAGE == "test" %}\nA=1\n{% else %}\nA=2\n{% endif %}\n{% for n in [1, 2] %}\n- {{ n }} {{ loop.last }}\n{% endfor %}\n';
    assert.equal(rendered(text), 'A=1\n- 1 false\n- 2 true\n');
  });

  test('can provide for what is not defined', () => {
    assert.equal(rendered('{{ env.NONE | default("x") }}{{ missing | d("y") }}'), 'xy');
    assert.equal(
      rendered('{% if env.NONE %}{{ env.NONE }}{% endif %}{% if nothing is defined %}z{% endif %}'),
      '',
    );
    assert.equal(rendered('{{ "a" if env.NONE else "b" }}'), 'b');
    assert.equal(rendered('{% if false %}{{ env.NEVER | upper }}{% endif %}'), '');
  });

  test('can set values of its own', () => {
    assert.equal(rendered('{% set name = slug ~ "-db" %}{{ name | upper }}'), 'ONE-DB');
  });

  for (const text of [
    '\n\n{{ env.NONE }}',
    '\n\n{{ env.NONE | upper }}',
    '\n\n{{ "a" ~ env.NONE }}',
    '\n\n{{ slug + env.NONE }}',
    '\n\n{{ env["NONE"] | replace("a", "b") }}',
    '\n\n{% set x = env.NONE %}',
    '\n\n{{ slug | replace("o", env.NONE) }}',
  ]) {
    test(`is refused where something is made of a variable that there is not: ${text.trim()}`, () => {
      refused(
        text,
        'provision/variable-undefined',
        /^t\.j2, line 3: "env\.NONE" is not defined\. There are env\.EMPTY, env\.STAGE\. /,
      );
    });
  }

  test('is told which variables there are', () => {
    refused(
      '{{ slgu }}',
      'provision/variable-undefined',
      /line 1: "slgu" is not defined\. There are env\.…, markup, ports\.…, secret\.…, slug\./,
    );
    refused('{{ constructor }}', 'provision/variable-undefined', /"constructor"/);
    refused('{{ env.constructor }}', 'provision/variable-undefined', /"env\.constructor"/);
  });

  for (const text of [
    '{{ slug.constructor.constructor("return process")() }}',
    '{{ range(3) }}',
    '{{ slug.toUpperCase() }}',
    '{% include "other" %}',
    '{% import "other" as o %}',
    '{% from "other" import o %}',
    '{% extends "other" %}',
    '{% macro f() %}{% endmacro %}',
  ]) {
    test(`cannot run anything or read other files: ${text}`, () => {
      refused(
        `x\n${text}`,
        'provision/template-invalid',
        /^t\.j2, line 2: the template (calls|includes|imports|extends|defines)/,
      );
    });
  }

  for (const text of [
    '{{ slug',
    '{% if slug %}',
    '{{ slug | }}',
    '{{ secret.KEY | nofilter }}',
    '{% endif %}',
  ]) {
    test(`is refused where it cannot be read: ${text}`, () => {
      refused(text, 'provision/template-invalid', /^t\.j2: .*Correct the template\.$/s);
    });
  }

  test('tells which secrets and ports it uses', () => {
    const template = new Template(
      't.j2',
      'a\n{{ secret.A }}{% if env.X %}{{ secret["B"] }}{{ ports.web }}{% endif %}{{ secret.A }}',
    );
    assert.deepEqual(template.namesOf('secret'), ['A', 'B']);
    assert.deepEqual(template.namesOf('ports'), ['web']);
    assert.equal(template.lineOf('secret', 'B'), 2);
  });
});
