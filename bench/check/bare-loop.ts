/**
 * The limit to compare with: `node:http` requests in a loop, a new connection each, nothing measured or kept. Arguments:
 * URL, how many. Prints the CPU time per request in µs.
 */
import { request } from "node:http";

const [url = "", countText = "20000"] = process.argv.slice(2);
const count = Number(countText);
const { hostname, port, pathname } = new URL(url);

function once(): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: hostname, port, path: pathname, agent: false }, (response) => {
      response.resume();
      response.on("end", resolve);
    });
    sent.on("error", reject);
    sent.end();
  });
}

let left = 0;
async function worker(): Promise<void> {
  while (left > 0) {
    left -= 1;
    await once();
  }
}

async function round(size: number): Promise<void> {
  left = size;
  await Promise.all(Array.from({ length: 50 }, worker));
}

await round(Math.min(2000, count));
const before = process.cpuUsage();
await round(count);
const used = process.cpuUsage(before);
console.log(((used.user + used.system) / count).toFixed(1));
