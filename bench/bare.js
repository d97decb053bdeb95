// What a load of the same requests costs k6 at the least: no log, no checks, no reading of answers.
import { SharedArray } from 'k6/data';
import http from 'k6/http';

const bodies = new SharedArray('bodies', () =>
  JSON.parse(open(__ENV.PAYLOADS)).map(({ request }) => JSON.stringify(request)),
);
const params = {
  headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
  responseType: 'text',
  tags: { name: 'correct' },
};
const used = [];

export const options = {
  vus: Number(__ENV.VUS),
  duration: __ENV.DURATION,
  systemTags: ['scenario', 'status', 'name', 'error_code', 'expected_response'],
};
export default function bare() {
  const place = __ITER % bodies.length;
  used[place] = used[place] ?? bodies[place];
  http.post(`${__ENV.BASELINE_URL}/v1/grammar/correct`, used[place], params);
}
export const handleSummary = (data) => ({ stdout: `requests=${data.metrics.http_reqs.values.count}\n` });
