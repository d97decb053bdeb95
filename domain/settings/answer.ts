/** Where things stand in a server's answers. */
import { headerName, list, named, setting, text, urlPath } from './kinds.ts';

export const ANSWER = {
  endpointPath: setting(urlPath, '/v1/grammar/correct', 'path that is posted to, below the base URL'),
  answerPath: setting(
    text({ placeholder: 'PATH' }),
    'corrected',
    "the corrected sentence's place in the answer",
  ),
  translationPath: setting(
    text({ placeholder: 'PATH' }),
    'translation',
    "the translation's place in the answer",
  ),
  costPath: setting(
    text({ placeholder: 'PATH' }),
    'metadata.cost_eur',
    "the cost's place in the answer, in --currency; none: there is none",
  ),
  stagesPath: setting(
    text({ placeholder: 'PATH' }),
    'metadata.stages',
    "the stages' place in the answer, an object of ms by stage",
  ),
  ignorePath: setting(
    list(named(), 'PATH'),
    ['metadata.model'],
    "a place in the answer whose value does not count where answers are held against each other (an id, a date); the cost's and the stages' never do",
  ),
  traceHeader: setting(headerName, 'X-Trace-Id', "response header that carries the server's trace id"),
} as const;
