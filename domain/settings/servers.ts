/** Which servers are loaded, what they are told, and how ours are started. */
import {
  absent,
  command,
  duration,
  header,
  list,
  number,
  filePath,
  secret,
  setting,
  text,
  toggle,
  url,
  urlPath,
} from './kinds.ts';

export const TARGET = {
  baselineUrl: absent(url, "base URL of the server in service; without it the suite's stand-in is started"),
  shadowUrl: absent(
    url,
    "base URL of the server that may replace it; without it the suite's stand-in is started",
  ),
  baselineLabel: setting(text(), 'baseline', 'what the baseline is, for the report (a version, a model)'),
  shadowLabel: setting(text(), 'shadow', 'what the shadow is, for the report (a version, an adapter)'),
  aa: setting(toggle, false, 'declares an A/A run: both variants are the same server on purpose'),
  header: setting(
    list(header, "'NAME: VALUE'"),
    [],
    "header sent with each request; 'Name: env:VAR' takes the value from the environment",
  ),
  apiKey: secret('bearer token for both servers'),
  shadowApiKey: secret('bearer token for the shadow, where it has its own'),
  caFile: absent(
    filePath(),
    "PEM file of certificate authorities to trust beside the system's (taken as SSL_CERT_FILE)",
  ),
  clientCert: absent(filePath(), 'PEM file of the client certificate'),
  clientKey: absent(filePath(), "PEM file of the client certificate's key"),
  connectionReuse: setting(
    toggle,
    true,
    'connections kept between requests; without them each request opens its own',
  ),
  baselineRestart: absent(
    command,
    'command that redeploys your baseline; run before each further block (--runs)',
  ),
  shadowRestart: absent(command, 'the same for the shadow'),
} as const;

export const SERVER = {
  start: absent(
    command,
    'shell command that starts your server (a profiler may be wrapped around it; RUN_DIR names the run directory); stopped with its children at the end',
  ),
  startWithinMs: setting(
    duration({ min: 100, max: 3_600_000 }),
    120_000,
    'a started server must answer its health endpoint by then',
  ),
  noServer: setting(toggle, false, 'start nothing: the server runs already, on --port of this machine'),
  port: absent(
    number({ min: 1, max: 65_535, whole: true }),
    "port of the server on 127.0.0.1 (default 8080 with --start or --no-server; any free one for the suite's stand-in)",
  ),
  pid: absent(
    number({ min: 1, max: 4_194_304, whole: true }),
    'process of a running server, whose CPU and memory are then watched, children included',
  ),
  healthPath: setting(urlPath, '/health', 'path that answers 2xx once a started server is ready'),
  metricsPath: setting(urlPath, '/metrics', "the server's Prometheus metrics, read each second"),
  serverMetrics: setting(
    text({
      placeholder: 'NAMES',
      allowed: /^[a-zA-Z_:][\w:]*(,[a-zA-Z_:][\w:]*)*$/,
      hint: 'names of metrics, comma between them',
    }),
    'http_requests_total,http_request_duration_seconds,http_requests_in_flight',
    'metrics to watch during the load; one that the server has not is reported as absent',
  ),
  modelMemoryMb: absent(
    number({ min: 0, max: 1e7 }),
    'MiB that the loaded model takes by itself (default what the server has before the load)',
  ),
  gpuMetrics: absent(url, "metrics URL of DCGM's exporter (default nvidia-smi where there is one)"),
} as const;

export const STAND_IN = {
  baselineStandIn: setting(
    text({ placeholder: "'ARGS'" }),
    '',
    "further arguments of the baseline's stand-in, as '--profile lab'",
  ),
  shadowStandIn: setting(
    text({ placeholder: "'ARGS'" }),
    '',
    "further arguments of the shadow's stand-in, as '--fault status=0.05:503'",
  ),
} as const;
