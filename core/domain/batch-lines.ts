/**
 * The payers and lines of a batch of calls. There are up to a thousand lines, and a schema for each costs more than charging it,
 * so both are read by hand, exactly as their forms have them; the forms say what is wrong with others.
 */

import { z } from 'zod'
import { MAX_BATCH_LINES, MAX_BATCH_PAYERS } from '../base/limits.ts'
import * as field from './fields.ts'
import { ACCOUNT_PATTERN } from './ids.ts'

/** Index into payers, milliseconds after start, requests, inputTokens, outputTokens, milliseconds, reference (optional). */
type Line = readonly [number, number, number, number, number, number, string?]

const FIGURES = 6

function isLine(line: unknown): line is Line {
  if (!Array.isArray(line) || (line.length !== FIGURES && line.length !== FIGURES + 1)) return false
  for (let i = 0; i < FIGURES; i++) if (!Number.isSafeInteger(line[i]) || line[i] < 0) return false
  return line.length === FIGURES || field.isReference(line[FIGURES])
}

const LINE_FORM = 'must be lines of payer index, milliseconds after start, four counts of usage and perhaps a reference'

export const linesForm = z
  .array(z.custom<Line>(isLine, LINE_FORM))
  .min(1)
  .max(MAX_BATCH_LINES, `must be at most ${MAX_BATCH_LINES} lines`)

export function areLines(lines: unknown): lines is Line[] {
  if (!Array.isArray(lines) || lines.length === 0 || lines.length > MAX_BATCH_LINES) return false
  for (let i = 0; i < lines.length; i++) if (!isLine(lines[i])) return false
  return true
}

export const payersForm = z
  .array(field.account)
  .min(1)
  .max(MAX_BATCH_PAYERS)
  .refine((payers) => new Set(payers).size === payers.length, 'must name each payer once')

export function arePayers(payers: unknown): payers is string[] {
  if (!Array.isArray(payers) || payers.length === 0 || payers.length > MAX_BATCH_PAYERS) return false
  for (const payer of payers) if (typeof payer !== 'string' || !ACCOUNT_PATTERN.test(payer)) return false
  return new Set(payers).size === payers.length
}
