/** The run that a command is about. */
import { absent, named } from '../../domain/settings/kinds.ts';
import type { Argument } from '../command.ts';

export const RUN: Argument = { name: 'run', of: absent(named('RUN'), 'path or id; the newest by default') };
