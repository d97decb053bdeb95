/** Settings that are right each by itself, and not together. */
import { isClosed, rateRule } from '../load/arrivals.ts';
import { PROTOCOLS } from '../protocols/index.ts';
import type { Settings } from './table.ts';

/** One line each. */
export function contradictions(settings: Settings): string[] {
  const problems: string[] = [];
  if ((settings.clientCert === null) !== (settings.clientKey === null))
    problems.push('--client-cert and --client-key go together: give both or neither');
  if (settings.gatewayLimit >= settings.gatewayBurst)
    problems.push(
      `--gateway-limit ${settings.gatewayLimit} is not below --gateway-burst ${settings.gatewayBurst}: nothing would queue; give a burst of more than ${settings.gatewayLimit} requests`,
    );
  if ((settings.lmStopCommand === null) !== (settings.lmStartCommand === null))
    problems.push('--lm-stop-command and --lm-start-command go together: give both or neither');
  if (settings.shadowUrl !== null && settings.baselineUrl === null)
    problems.push(
      '--shadow-url is given without --baseline-url: a shadow is compared with a baseline of yours, not with the stand-in; give both',
    );
  problems.push(...priceProblems(settings));
  problems.push(...arrivalProblems(settings));
  const ways = [
    settings.start === null ? null : '--start',
    settings.noServer ? '--no-server' : null,
    settings.baselineUrl === null ? null : '--baseline-url',
  ].filter((way) => way !== null);
  if (ways.length > 1)
    problems.push(`${ways.join(' and ')} are different ways to name the server; give one of them`);
  if (settings.pid !== null && settings.start !== null)
    problems.push('--pid is given with --start: a server that we start is watched anyway; drop --pid');
  if (PROTOCOLS[settings.api].whole === null && !settings.stream)
    problems.push(`--api ${settings.api} always streams; drop --no-stream, or give another --api`);
  if (!settings.stream && (settings.slo?.ttft !== undefined || settings.slo?.tpot !== undefined))
    problems.push(
      '--slo names ttft or tpot, which an answer that comes whole does not have; drop --no-stream, or give e2e alone',
    );
  return problems;
}

/** Whether the rate and the way to arrive go together; of a ramp the steps are the rate. Null: they do. */
export function rateProblem({ arrival: how, rate }: Pick<Settings, 'arrival' | 'rate'>): string | null {
  const rule = rateRule(how);
  if (rule === 'needed' && rate === null)
    return `--arrival ${how.kind} needs the requests a second: give --rate`;
  if (rule === 'refused' && rate !== null)
    return `--rate goes with --arrival constant, poisson or bursts; ${isClosed(how) ? 'clients of a closed loop wait for their answers' : `a ${how.kind} has times of its own`}`;
  return null;
}

function priceProblems(of: Settings): string[] {
  const problems: string[] = [];
  const tokens = of.price ?? of.shadowPrice;
  const time = of.pricePerHour ?? of.shadowPricePerHour;
  if (tokens !== null && time !== null)
    problems.push('--price and --price-per-hour are two ways to say what a request costs; give one of them');
  for (const [own, usual, flag] of [
    [of.shadowPrice, of.price, 'price'],
    [of.shadowPricePerHour, of.pricePerHour, 'price-per-hour'],
  ] as const)
    if (own !== null && usual === null)
      problems.push(
        `--shadow-${flag} is given without --${flag}: a cost is compared with the baseline's; give both`,
      );
  if (of.judgeMaxCost !== null && of.judgePrice === null)
    problems.push('--judge-max-cost needs --judge-price, or nobody knows what a question costs');
  return problems;
}

function arrivalProblems({ arrival: how, thinkTime: think, from, to, step, search }: Settings): string[] {
  const problems: string[] = [];
  if (!isClosed(how) && think !== null)
    problems.push('--think-time is of clients in a closed loop; an open load has its schedule: drop one');
  if (to < from)
    problems.push(
      `--to ${to} lies below --from ${from}: the steps would end before they start; give --to ${from} or more`,
    );
  else if (!search && (to - from) / step > 1000)
    problems.push(`--step ${step} makes ${Math.floor((to - from) / step) + 1} steps; allowed: 1000`);
  return problems;
}
