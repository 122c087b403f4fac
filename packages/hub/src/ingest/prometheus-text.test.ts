import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parsePrometheusText } from "./prometheus-text.ts";

const now = 1_700_000_000_000;

/** Every sample as `name{labels} value time`, in the order of the frames. */
function samplesOf(text: string): string[] {
  return parsePrometheusText(text, now).frames.flatMap((frame) =>
    frame.series.flatMap((key, s) =>
      Array.from(frame.times, (time, t) => {
        const value = frame.values[s * frame.times.length + t];
        return `${key.name}${JSON.stringify(key.labels)} ${value} ${time}`;
      }),
    ),
  );
}

describe("Prometheus text", () => {
  const good: { title: string; text: string; samples: string[] }[] = [
    { title: "a plain sample gets the present time", text: "up 1", samples: [`up{} 1 ${now}`] },
    {
      title: "a time in ms is kept",
      text: "up 1 1600000000123",
      samples: ["up{} 1 1600000000123"],
    },
    {
      title: "labels are read",
      text: 'up{job="a",instance="b:1"} 0 5',
      samples: ['up{"job":"a","instance":"b:1"} 0 5'],
    },
    {
      title: "a comma at the end is allowed",
      text: 'up{a="1",} 0 5',
      samples: ['up{"a":"1"} 0 5'],
    },
    {
      title: "white space is free",
      text: '  up { a = "1" , b="2" }\t0   5 ',
      samples: ['up{"a":"1","b":"2"} 0 5'],
    },
    {
      title: "escapes are undone",
      text: String.raw`up{a="x\n\"\\y"} 1 5`,
      samples: [String.raw`up{"a":"x\n\"\\y"} 1 5`],
    },
    {
      title: "commas and braces in values are text",
      text: 'up{a="},{"} 1 5',
      samples: ['up{"a":"},{"} 1 5'],
    },
    {
      title: "special floats",
      text: "a NaN 1\nb +Inf 1\nc -Inf 1\nd 1e-3 1\ne .5 1\n",
      samples: ["a{} NaN 1", "b{} Infinity 1", "c{} -Infinity 1", "d{} 0.001 1", "e{} 0.5 1"],
    },
    {
      title: "comments, types and empty lines are passed over",
      text: "# HELP up x\n# TYPE up gauge\n\nup 1 5\r\n",
      samples: ["up{} 1 5"],
    },
    {
      title: "of two values at one time the last holds",
      text: "up 1 5\nup 2 5",
      samples: ["up{} 2 5"],
    },
    { title: "times are put in order", text: "up 2 6\nup 1 5", samples: ["up{} 1 5", "up{} 2 6"] },
    {
      title: "the order of labels makes no other series",
      text: 'up{a="1",b="2"} 1 5\nup{b="2",a="1"} 2 6',
      samples: ['up{"a":"1","b":"2"} 1 5', 'up{"a":"1","b":"2"} 2 6'],
    },
    {
      title: "a label that objects inherit is a label",
      text: 'up{__proto__="x"} 1 5',
      samples: ['up{"__proto__":"x"} 1 5'],
    },
  ];
  for (const row of good) {
    test(row.title, () => {
      assert.deepEqual(samplesOf(row.text), row.samples);
      assert.deepEqual(parsePrometheusText(row.text, now).bad, []);
    });
  }

  const bad: { text: string; message: string }[] = [
    { text: "1up 1", message: 'expected a metric name, found "1up 1"' },
    { text: "up", message: 'expected a number as the value, found ""' },
    { text: "up one", message: 'expected a number as the value, found "one"' },
    { text: "up 0x10", message: 'expected a number as the value, found "0x10"' },
    { text: "up 1 now", message: 'expected a time in milliseconds since 1970, found "now"' },
    { text: "up 1 1.5", message: 'expected a time in milliseconds since 1970, found "1.5"' },
    {
      text: "up 1 999999999999999",
      message: 'expected a time in milliseconds since 1970, found "999999999999999"',
    },
    { text: "up 1 5 6", message: 'expected a value and a time, found "1 5 6"' },
    { text: 'up{a="1" 1', message: 'expected , or } after label a, found "1"' },
    { text: "up{a=1} 1", message: 'expected label="value" or }, found "a=1} 1"' },
    { text: 'up{a="1",a="2"} 1', message: "label a is given twice" },
    { text: 'up{a="\0"} 1', message: "label a holds U+0000, which cannot be kept" },
  ];
  for (const row of bad) {
    test(`refuses ${JSON.stringify(row.text)}`, () => {
      const parsed = parsePrometheusText(`ok 1 5\n${row.text}\nok 2 6\n`, now);
      assert.deepEqual(parsed.bad, [{ line: 2, message: row.message }]);
      assert.deepEqual([...(parsed.frames[0]?.values ?? [])], [1, 2], "the good lines are kept");
    });
  }

  test("series of one job and instance with the same times are one frame", () => {
    const text = ["a", "b", "c"]
      .map((name) => `${name}{job="n",instance="x"} 1 5\n${name}{job="n",instance="x"} 2 6`)
      .join("\n");
    const { frames } = parsePrometheusText(`${text}\nd{job="n",instance="x"} 1 5\nother 1 5`, now);
    assert.deepEqual(
      frames.map((frame) => [frame.source, frame.series.length, frame.times.length]),
      [
        ["import:n/x", 3, 2],
        ["import:n/x", 1, 1],
        ["import:/", 1, 1],
      ],
    );
  });

  test("a hundred thousand hostile lines are each reported", () => {
    const { bad: problems } = parsePrometheusText("{".repeat(50).concat("\n").repeat(100_000), now);
    assert.equal(problems.length, 100_000);
  });
});
