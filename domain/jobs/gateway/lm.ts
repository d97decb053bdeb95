/** What the mock LM says of itself at `GET /control`: the other side of every call. */
import { BadField, amount, asFields, type Fields } from '../../text/fields.ts';
import { BadValue } from '../../text/units.ts';

export interface LmCounts {
  readonly received: number;
  readonly served: number;
  readonly errors: number;
  readonly hung: number;
  readonly in_flight: number;
  /** Since the last reset. */
  readonly peak_in_flight: number;
}

/** What can be set at run time. */
export interface LmSettings {
  readonly delay_ms: number;
  readonly error_rate: number;
  readonly error_status: number;
  readonly hang_rate: number;
}

export interface LmState extends LmCounts, LmSettings {
  readonly by_model: Readonly<Record<string, LmCounts>>;
}

const counts = (of: Fields): LmCounts => ({
  received: amount(of, 'received'),
  served: amount(of, 'served'),
  errors: amount(of, 'errors'),
  hung: amount(of, 'hung'),
  in_flight: amount(of, 'in_flight'),
  peak_in_flight: amount(of, 'peak_in_flight'),
});

/** @throws BadValue where it isn't the control of a mock LM */
export function parseLmState(content: string, where: string): LmState {
  try {
    const of = asFields(JSON.parse(content), 'the answer');
    const models = asFields(of['by_model'], 'by_model');
    return {
      ...counts(of),
      delay_ms: amount(of, 'delay_ms'),
      error_rate: amount(of, 'error_rate'),
      error_status: amount(of, 'error_status'),
      hang_rate: amount(of, 'hang_rate'),
      by_model: Object.fromEntries(
        Object.keys(models).map((model) => [model, counts(asFields(models[model], model))]),
      ),
    };
  } catch (error) {
    if (!(error instanceof BadField || error instanceof SyntaxError)) throw error;
    throw new BadValue(
      `${where} is not the control of the suite's mock LM (${error.message}); LM_CONTROL_URL is the address of the mock LM behind your gateway (node dist/stand-in/lm.js --port 8090)`,
    );
  }
}
