/** What an answer is worth, found out after the load: scorers, the judge, prices. */
import { absent, currency, duration, named, number, price, secret, setting, url } from './kinds.ts';

export const QUALITY = {
  scoreTimeoutMs: setting(
    duration({ min: 100, max: 600_000 }),
    5000,
    'a scorer of yours without a score by then leaves its metric undecided',
  ),
  judgeUrl: absent(
    url,
    'base URL of the model that judges llm-rubric and similar, OpenAI style, as http://HOST/v1',
  ),
  judgeModel: absent(named('NAME'), 'the judge to ask for (default the first that its /models lists)'),
  embeddingModel: absent(named('NAME'), 'model that similar asks for embeddings (default the judge)'),
  judgeApiKey: secret('bearer token for the judge'),
  judgeVus: setting(number({ min: 1, max: 256, whole: true }), 4, 'questions to the judge at a time'),
  judgeRepeats: setting(
    number({ min: 1, max: 20, whole: true }),
    1,
    'how often the judge is asked each question; from 2 on, how often it disagrees with itself is told',
  ),
  judgeTimeoutMs: setting(
    duration({ min: 100, max: 3_600_000 }),
    60_000,
    'a question to the judge without an answer by then has failed; it is asked three times at most',
  ),
  judgePrice: absent(price, "the judge's own price, as --price"),
  judgeMaxCost: absent(
    number({ min: 0, max: 1e9 }),
    'most that the judge may cost; what it was not asked before that is undecided (needs --judge-price)',
  ),
  price: absent(
    price,
    'what a million tokens cost, as prompt=2.5,cached=1.25,completion=10; for both variants unless the shadow has its own',
  ),
  shadowPrice: absent(price, "the shadow's price, where it is another"),
  pricePerHour: absent(
    number({ min: 0, max: 1e9 }),
    'what an hour of the server costs, shared by the requests that it served, for both variants unless the shadow has its own',
  ),
  shadowPricePerHour: absent(
    number({ min: 0, max: 1e9 }),
    "the same of the shadow's server, where it is another",
  ),
  currency: setting(currency, 'EUR', 'what prices and costs are in, for the report'),
} as const;
