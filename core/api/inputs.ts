/** The forms of the procedures' inputs. */

import { z } from 'zod'
import { MAX_EVIDENCE_BYTES, MAX_NAME_CHARACTERS, MAX_NOTE_BYTES } from '../base/limits.ts'
import * as field from '../domain/fields.ts'
import { TRANSACTION_ID_PATTERN } from '../domain/ids.ts'
import { DAY_SECONDS } from '../domain/time.ts'

/** Most items of one page. */
export const MAX_PAGE = 500
const DEFAULT_PAGE = 50
/** Most notes in one call. */
const MAX_NOTES = 500
const MAX_TEXT_CHARACTERS = 200
const MAX_PASSPHRASE_CHARACTERS = 1_024
const MAX_TYPE_CHARACTERS = 64
const MAX_ADDRESS_CHARACTERS = 2_000
const MAX_PATH_CHARACTERS = 4_096
const MAX_VKEY_CHARACTERS = 512
/** Most keys that are given for one check. */
const MAX_VKEYS = 64
const MAX_TOKEN_CHARACTERS = 512
const MAX_WORDS_CHARACTERS = 16_384
const MAX_KEY_FILE_CHARACTERS = 1024 * 1024

export const account = field.account
export const listing = field.thing('lst')
export const transactionId = z.string().regex(TRANSACTION_ID_PATTERN)
export const address = z.string().min(1).max(MAX_ADDRESS_CHARACTERS)
/** Of a file on this machine. */
export const path = z.string().min(1).max(MAX_PATH_CHARACTERS)
export const vkey = z.string().min(1).max(MAX_VKEY_CHARACTERS)
export const vkeys = z.array(vkey).max(MAX_VKEYS)
export const token = z.string().min(1).max(MAX_TOKEN_CHARACTERS)
export const index = z.int().min(0)
export const limit = z.int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE)
export const text = z.string().max(MAX_TEXT_CHARACTERS)
export const amount = field.amountOrZero
export const time = field.time
export const startOfDay = time.refine((seconds) => seconds % DAY_SECONDS === 0, 'It begins no day of UTC.')
export const kind = z.enum(['model', 'dataset', 'feature'])
export const type = z.string().min(1).max(MAX_TYPE_CHARACTERS)
export const passphrase = z.string().min(1).max(MAX_PASSPHRASE_CHARACTERS)
/** Where keys come from that are brought: the words of a recovery sheet, or the text of a file of keys. */
export const keySource = z.union([
  z.strictObject({ words: z.string().min(1).max(MAX_WORDS_CHARACTERS) }),
  z.strictObject({ file: z.string().min(1).max(MAX_KEY_FILE_CHARACTERS), passphrase }),
])
/** A name for a key and its account. */
export const label = z
  .string()
  .min(1)
  .max(4 * MAX_NAME_CHARACTERS)
/** Where a list goes on: the key that the page before gave. */
export const after = z.string().max(MAX_TEXT_CHARACTERS).optional()
export const draftText = z.string().max(MAX_NOTE_BYTES)
export const note = z.base64().max(Math.ceil(MAX_NOTE_BYTES / 3) * 4)
/** A checkpoint, a proof or evidence, as a file. */
export const evidence = z
  .base64()
  .max(Math.ceil(MAX_EVIDENCE_BYTES / 3) * 4)
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64')))
export const notes = z.array(note).min(1).max(MAX_NOTES)
/** The name of something that is under way. */
export const handle = z.string().regex(/^[0-9a-f]{32}$/)
/** What a client saw last, as its transport names it. */
export const eventId = z
  .union([
    index,
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  ])
  .nullish()
