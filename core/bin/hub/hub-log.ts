/**
 * The hub's log: a JSON line for each event, on the error stream or in a file. What is logged is chosen field by field: no
 * header, no body, no query string, no note. Fields whose names say that they are secret are removed all the same.
 */

import pino, { type Logger } from 'pino'
import { note } from '../output.ts'
import type { Settings } from './settings.ts'

const SECRETS = ['authorization', 'cookie', 'passphrase', 'password', 'secret', 'token']
const STANDARD_ERROR = 2

export interface HubLog extends Logger {
  /** Opens the file anew, after another program has moved it away. */
  reopen(): void
}

export function openLog({ logLevel, logFile }: Pick<Settings, 'logLevel' | 'logFile'>): HubLog {
  const destination = pino.destination(logFile === undefined ? { fd: STANDARD_ERROR, sync: true } : { dest: logFile, sync: true })
  // A full disk must not end the hub: what cannot be logged is lost, and that is said where it can be.
  destination.on('error', (error: Error) => note(`The log cannot be written: ${error.message}.`))
  const log = pino(
    {
      level: logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: 'redacted' },
    },
    destination,
  )
  return Object.assign(log, { reopen: () => void (logFile === undefined || destination.reopen()) })
}
