import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Fine enough that a quantile of the default profiles falls into a bucket of its own, and up to a 10 s timeout. */
const BUCKETS_S = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 30, 60,
];

/** Adds gauges that are read at each scrape. */
function gauges(registry: Registry) {
  return (name: string, help: string, read: () => number): void => {
    const collect = function collect(this: Gauge) {
      this.set(read());
    };
    registry.registerMetric(new Gauge({ name, help, registers: [], collect }));
  };
}

/** The process's series, by which one process is told from another. */
function processMetrics(registry: Registry): void {
  const gauge = gauges(registry);
  gauge('process_start_time_seconds', 'Start of the process, Unix time', () => performance.timeOrigin / 1000);
  gauge('process_pid', 'Id of the process', () => process.pid);
  gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  const cpu = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time',
    registers: [],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  registry.registerMetric(cpu);
}

/** What is read at each scrape. */
export interface Load {
  readonly in_flight: () => number;
  readonly depth: () => number;
  readonly busy: () => number;
}

/** The series that every server has: its process, its HTTP requests, its queue. */
export function commonMetrics(registry: Registry, load: Load) {
  processMetrics(registry);
  const registers = [registry];
  const gauge = gauges(registry);
  gauge('http_requests_in_flight', 'Requests accepted and not yet answered', load.in_flight);
  gauge('request_queue_depth', 'Requests that wait for a worker', load.depth);
  gauge('workers_busy', 'Workers that serve a request', load.busy);
  const total = new Counter({
    name: 'http_requests_total',
    help: 'Requests by path and status; status aborted where no whole answer left',
    labelNames: ['path', 'status'],
    registers,
  });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the request read to the answer written',
    labelNames: ['path'],
    buckets: BUCKETS_S,
    registers,
  });
  return {
    /** Counts one request that ended; `status` is a code or `aborted`. */
    observe(path: string, status: string, duration_ms: number): void {
      total.inc({ path, status });
      duration.observe({ path }, duration_ms / 1000);
    },
  };
}
