import * as v from 'valibot';

/** What any endpoint asks for, in one shape. */
export interface Asked {
  /** Null is the base model. */
  readonly model: string | null;
  readonly prompt: string;
  readonly stream: boolean;
  readonly include_usage: boolean;
  /** Null is no limit but the context's. */
  readonly max_tokens: number | null;
  readonly min_tokens: number;
  /** Go on to `max_tokens`. */
  readonly ignore_eos: boolean;
  readonly temperature: number;
  readonly seed: number | null;
}

/** The shape of an endpoint's body and how it is read. */
export interface Endpoint<S extends v.GenericSchema> {
  readonly shape: S;
  readonly read: (body: v.InferOutput<S>) => Asked;
}

function endpoint<S extends v.GenericSchema>(shape: S, read: (body: v.InferOutput<S>) => Asked): Endpoint<S> {
  return { shape, read };
}

const limit = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1)), null);
const sampling = {
  model: v.nullish(v.string(), null),
  stream: v.nullish(v.boolean(), false),
  max_tokens: limit,
  min_tokens: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  ignore_eos: v.nullish(v.boolean(), false),
  temperature: v.nullish(v.pipe(v.number(), v.minValue(0)), 1),
  seed: v.nullish(v.pipe(v.number(), v.integer()), null),
};
const open_ai = {
  ...sampling,
  stream_options: v.nullish(v.object({ include_usage: v.nullish(v.boolean(), false) }), {}),
};

const Part = v.object({ type: v.string(), text: v.optional(v.string(), '') });
const Content = v.nullish(v.union([v.string(), v.array(Part)]), '');
const Message = v.object({ role: v.string(), content: Content });

/** A chat as the model reads it. */
const promptOf = (messages: readonly v.InferOutput<typeof Message>[]): string =>
  messages
    .map(({ role, content }) => {
      const said = typeof content === 'string' ? content : content.map((part) => part.text).join('\n');
      return `${role}: ${said}\n`;
    })
    .join('');

export const chat_body = endpoint(
  v.object({
    ...open_ai,
    messages: v.pipe(v.array(Message), v.minLength(1)),
    max_completion_tokens: limit,
  }),
  (body) => ({
    ...body,
    prompt: promptOf(body.messages),
    max_tokens: body.max_completion_tokens ?? body.max_tokens,
    include_usage: body.stream_options.include_usage,
  }),
);

export const completion_body = endpoint(v.object({ ...open_ai, prompt: v.string() }), (body) => ({
  ...body,
  include_usage: body.stream_options.include_usage,
}));

export const llama_body = endpoint(
  v.object({
    ...sampling,
    prompt: v.string(),
    /** llama.cpp's name of max_tokens; -1 is no limit. */
    n_predict: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(-1)), -1),
  }),
  (body) => ({
    ...body,
    max_tokens: body.max_tokens ?? (body.n_predict < 1 ? null : body.n_predict),
    include_usage: false,
  }),
);

/** Always a stream. */
export const events_body = endpoint(v.object({ ...sampling, prompt: v.string() }), (body) => ({
  ...body,
  stream: true,
  include_usage: false,
}));
