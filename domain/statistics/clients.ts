/**
 * Clients as clusters. A client keeps its connection, and a balancer may keep a connection on one server: requests of one
 * client then share more than their time (Liang and Zeger 1986; few clusters: Cameron and Miller 2015).
 */
import { mean } from './batch-means.ts';
import { fisherTail, studentTQuantile } from './distributions.ts';

/** Level of the test that clients differ at all: below it, time is the only error term. */
const CLIENT_LEVEL = 0.01;

/** The values of one block in start order, and which client sent each request: any whole numbers >= 0. */
export interface ClientBlock {
  readonly values: Float64Array;
  readonly clients: Int32Array;
}

interface Groups {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
  readonly clients: number;
  readonly n: number;
}

/** Sums and counts by client; values that are not finite (a failure's latency) are left out. */
function groups({ values, clients }: ClientBlock, centre = 0): Groups {
  let largest = 0;
  for (let i = 0; i < clients.length; i++) largest = Math.max(largest, clients[i] ?? 0);
  const [sums, counts] = [new Float64Array(largest + 1), new Float64Array(largest + 1)];
  let n = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    const client = clients[i] ?? 0;
    sums[client] = (sums[client] ?? 0) + value - centre;
    counts[client] = (counts[client] ?? 0) + 1;
    n++;
  }
  return { sums, counts, clients: counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0), n };
}

/**
 * Whether clients differ by more than chance: one-way analysis of variance (Fisher 1925) of the values, log latencies, at
 * 1 %. Over blocks, sums of squares and degrees are added: a client of one block is another one in the next.
 */
export function clientsDiffer(blocks: readonly ClientBlock[], level = CLIENT_LEVEL): boolean {
  let [between, within, betweenDegrees, withinDegrees, total] = [0, 0, 0, 0, 0];
  for (const block of blocks) {
    const { sums, counts, clients, n } = groups(block);
    if (clients < 2 || n - clients < 2) continue;
    const centre = sums.reduce((sum, value) => sum + value, 0) / n;
    const means = sums.map((sum, c) => sum / Math.max(1, counts[c] ?? 0));
    for (let c = 0; c < means.length; c++) between += (counts[c] ?? 0) * ((means[c] ?? 0) - centre) ** 2;
    for (let i = 0; i < block.values.length; i++) {
      const value = block.values[i] ?? Number.NaN;
      if (Number.isFinite(value)) within += (value - (means[block.clients[i] ?? 0] ?? 0)) ** 2;
    }
    betweenDegrees += clients - 1;
    withinDegrees += n - clients;
    total += n;
  }
  if (betweenDegrees === 0) return false;
  if (within <= 0) return between > 1e-12 * total;
  const f = between / betweenDegrees / (within / withinDegrees);
  return fisherTail(f, betweenDegrees, withinDegrees) < level;
}

export interface ClusterVariance {
  /** n times the variance of the mean: comparable with a long-run variance. */
  readonly variance: number;
  /** Clients - 1, summed over blocks. */
  readonly degrees: number;
}

/**
 * Cluster-robust variance of a weighted mean over blocks, G / (G - 1) sum (sum of a client's residuals)^2 / n in each.
 * Null where no block has two clients.
 */
export function clusterVariance(
  blocks: readonly ClientBlock[],
  weights: Float64Array,
): ClusterVariance | null {
  let [weighted, whole, degrees] = [0, 0, 0];
  blocks.forEach((block, b) => {
    const n = block.values.length;
    const { sums, clients } = groups(block, mean(block.values));
    if (clients < 2) return;
    const share = (weights[b] ?? 0) ** 2 / n;
    let squares = 0;
    for (const sum of sums) squares += sum * sum;
    weighted += share * ((clients / (clients - 1)) * (squares / n));
    whole += share;
    degrees += clients - 1;
  });
  return degrees === 0 ? null : { variance: weighted / whole, degrees };
}

/** A half width at least that of the clients of both variants; `parts`: one variant's cluster variance and its n. */
export function clientHalf(
  parts: readonly { readonly cluster: ClusterVariance | null; readonly n: number }[],
  alpha: number,
): number {
  let [most, degrees] = [0, Infinity];
  for (const { cluster, n } of parts) {
    if (cluster === null) continue;
    most = Math.max(most, cluster.variance / n);
    degrees = Math.min(degrees, cluster.degrees);
  }
  return degrees === Infinity ? 0 : studentTQuantile(1 - alpha, degrees) * Math.sqrt(2 * most);
}
