import assert from 'node:assert/strict';
import type { CreateField } from '../../../src/cloud/createFields';
import {
  currentText,
  mistakeIn,
  proposals,
  summary,
  valueText,
  withTyped,
  withValue,
  type FieldKey,
} from '../../../src/views/createForm';

const name: CreateField = { kind: 'text', key: 'name', maxLength: 5 };
const cpus: CreateField = { kind: 'number', key: 'cpus', min: 1, max: 32, suggestions: [2, 4] };
const idle: CreateField = { kind: 'choice', key: 'idleStopSeconds', choices: [900, 0], default: 900 };

describe('The form for a new sandbox', () => {
  const values: { key: FieldKey; value: number | string; text: string }[] = [
    { key: 'cpus', value: 2, text: '2' },
    { key: 'image', value: 'debian:12', text: 'debian:12' },
    { key: 'memoryMib', value: 4096, text: '4 GiB' },
    { key: 'memoryMib', value: 1536, text: '1536 MiB' },
    { key: 'idleStopSeconds', value: 900, text: 'after 15 min' },
    { key: 'idleStopSeconds', value: 14400, text: 'after 4 h' },
    { key: 'idleStopSeconds', value: 0, text: 'never' },
  ];
  for (const { key, value, text } of values) {
    it(`shows ${key} ${value} as “${text}”`, () => assert.equal(valueText(key, value), text));
  }

  it('shows what a setting comes to: the choice, else the default, else that the cloud chooses', () => {
    assert.equal(currentText(idle, { idleStopSeconds: 0 }), 'never');
    assert.equal(currentText(idle, {}), 'after 15 min (default)');
    assert.equal(currentText(cpus, {}), 'the cloud chooses');
  });

  it('sums up what was chosen', () => {
    assert.equal(summary([cpus, idle], {}), 'as the cloud chooses');
    assert.equal(
      summary([cpus, idle], { cpus: 4, idleStopSeconds: 0 }),
      'Processors: 4 · Stop When Idle: never',
    );
  });

  it('proposes the default too', () => {
    assert.deepEqual(proposals({ ...idle, default: 60 }), [60, 900, 0]);
    assert.deepEqual(proposals(idle), [900, 0]);
    assert.deepEqual(proposals(name), []);
  });

  const typed: { field: CreateField; text: string; mistake?: RegExp }[] = [
    { field: cpus, text: '32' },
    { field: cpus, text: ' 1 ' },
    { field: cpus, text: '' },
    { field: cpus, text: '33', mistake: /from 1 to 32/ },
    { field: cpus, text: '1.5', mistake: /whole number/ },
    { field: cpus, text: '-1', mistake: /whole number/ },
    { field: cpus, text: '9'.repeat(400), mistake: /whole number/ },
    { field: name, text: 'abcde' },
    { field: name, text: 'abcdef', mistake: /at most 5/ },
  ];
  for (const { field, text, mistake } of typed) {
    it(`${mistake ? 'refuses' : 'takes'} “${text.slice(0, 10)}” as ${field.key}`, () => {
      const found = mistakeIn(field, text);
      if (mistake) assert.match(found ?? '', mistake);
      else assert.equal(found, undefined);
    });
  }

  it('keeps what was typed, numbers as numbers', () => {
    assert.deepEqual(withTyped({ name: 'a' }, cpus, ' 8 '), { name: 'a', cpus: 8 });
    assert.deepEqual(withTyped({}, name, ' a b '), { name: 'a b' });
  });

  it('leaves open what was emptied or given back to the cloud', () => {
    assert.deepEqual(withTyped({ name: 'a', cpus: 1 }, name, '  '), { cpus: 1 });
    assert.deepEqual(withValue({ name: 'a', cpus: 1 }, cpus, undefined), { name: 'a' });
  });
});
