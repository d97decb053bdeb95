import { assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  csvField,
  htmlText,
  markdownText,
  scriptJson,
  terminalText,
  xmlText,
} from '../../cli/report/escape.ts';
import { HOSTILE } from './cases.ts';
import { parseCsv, parseXml } from './parsers.ts';

describe('terminalText', () => {
  test('shows what would be obeyed', () => {
    expect(terminalText(HOSTILE.ansi)).toBe('\\x1b[31mred\\x1b[0m\\x07');
    expect(terminalText(HOSTILE.bidi)).toBe('abc\\u{202e}gpj.exe');
    expect(terminalText('a\u009B31mb')).toBe('a\\x9b31mb');
    expect(terminalText('a\r\nb\tc')).toBe('a\\x0d b c');
    expect(terminalText('half \uD83D, none\u200B\uFEFF')).toBe('half \\u{d83d}, none\\u{200b}\\u{feff}');
  });
  test('leaves other scripts and emoji alone', () => {
    const text = 'señor, 東京, می‌خواهم, 👩‍💻, Ω';
    expect(terminalText(text)).toBe(text);
  });
});

describe('markdownText', () => {
  test('nothing is a cell, a link, an entity or a mention', () => {
    const shown = markdownText(HOSTILE.markdown);
    expect(shown).not.toMatch(/(?<!\\)[|[\]`*]/);
    expect(shown).not.toContain('@team');
    expect(markdownText('<b>&lt; & a_b')).toBe('\\<b\\>\\&lt; & a\\_b');
    expect(markdownText('see https://evil.example or www.evil.example')).toBe(
      'see https:\\//evil.example or www\\.evil.example',
    );
  });
});

describe('htmlText and xmlText', () => {
  test('no tag, no attribute end, no entity survives', () => {
    for (const text of Object.values(HOSTILE))
      expect(htmlText(text)).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
  });
  test('any text makes well-formed XML that reads back as it is shown in a terminal', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        const [element] = parseXml(`<a b="${xmlText(text)}">${xmlText(text)}</a>`);
        expect(element?.attributes['b']).toBe(terminalText(text));
        expect(element?.text).toBe(terminalText(text));
      }),
    );
  });
});

describe('scriptJson', () => {
  test('reads back, and can not end its element', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        const json = scriptJson({ text: `${text}</script><!--\u2028` });
        expect(json).not.toMatch(/[<>&\u2028]/);
        expect(JSON.parse(json)).toEqual({ text: `${text}</script><!--\u2028` });
      }),
    );
  });
});

describe('csvField', () => {
  test('numbers stand as they are, negative ones too; absent is empty', () => {
    expect([1.5, -0.02, 0, Infinity, -Infinity, Number.NaN, null, undefined].map(csvField)).toEqual([
      '1.5',
      '-0.02',
      '0',
      'inf',
      '-inf',
      '',
      '',
      '',
    ]);
  });
  test('a formula becomes text', () => {
    expect(csvField(HOSTILE.formula)).toBe("'=cmd|' /C calc'!A0");
    for (const text of ['+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\n=1', '＝1'])
      expect(csvField(text)).toMatch(/^'/);
    expect(csvField('a=b')).toBe('a=b');
  });
  test('any text is one field', () => {
    assert(
      property(string({ unit: 'binary' }), string(), (a, b) => {
        expect(parseCsv(`${csvField(a)},${csvField(b)}\r\n`)[0]).toHaveLength(2);
      }),
    );
    expect(csvField('a "b", c')).toBe('"a ""b"", c"');
  });
});
