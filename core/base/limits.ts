/**
 * Every bound of the ledger in one place. A size, count, depth, time or queue without a bound here is a defect. Those of the log
 * and of transactions are part of the contract (docs/formats.md, docs/transactions.md); those of this program alone say so.
 */

/** Most bytes of a note, and of an entry, which is an acceptance line and a note. */
export const MAX_NOTE_BYTES = 59_900
export const MAX_ENTRY_BYTES = 60_000
/**
 * Most bytes of the outcomes of 256 entries: a quarter of a megabyte each, for a thousand lines and the grants of a hundred
 * payers.
 */
export const MAX_BUNDLE_OUTCOMES_BYTES = 64 * 1024 * 1024
/** Most signature lines that a reader of foreign notes accepts; transactions carry exactly those that their type demands. */
export const MAX_SIGNATURE_LINES = 100
/** Most bytes of a receipt or balance proof: an entry in base64, paths and a checkpoint with its cosignatures. */
export const MAX_PROOF_BYTES = 256 * 1024
/** Most bytes of a mirror's evidence: two checkpoints, an entry in base64 and a path. */
export const MAX_EVIDENCE_BYTES = 256 * 1024
/** Most bytes of a trust policy; most logs, and most witnesses, that it names. */
export const MAX_POLICY_BYTES = 256 * 1024
export const MAX_POLICY_NAMES = 64
/** Nesting of objects and arrays in a transaction's text. */
export const MAX_JSON_DEPTH = 8

/** How far ahead of the ledger's time a note may be made, and how long it may stay valid. */
export const MAX_CLOCK_LEAD_SECONDS = 5 * 60
export const MAX_VALIDITY_SECONDS = 30 * 86_400

/** Lengths of text fields, in Unicode code points. */
export const MAX_NAME_CHARACTERS = 64
export const MAX_TITLE_CHARACTERS = 120
export const MAX_DESCRIPTION_CHARACTERS = 2_000
export const MAX_REFERENCE_CHARACTERS = 128

/** Credits outstanding at any time (10¹²), in microcredits: so every sum of books fits 63 bits. */
export const MAX_OUTSTANDING_MICROS = 10n ** 18n

/** How long a superseded version of a listing's terms may still be named. */
export const SUPERSEDED_TERMS_SECONDS = 7 * 86_400

/** Lines, payers and streams of usage batches. */
export const MAX_BATCH_LINES = 1_000
export const MAX_BATCH_PAYERS = 100
export const MAX_STREAMS = 16

/** How long a revoked mandate still runs, so that what was used before can be charged. */
export const REVOCATION_NOTICE_SECONDS = 86_400

/** Live grant lots, open holds and mandates with a reserve of one account; keys that may sign for it. */
export const MAX_LOTS = 16
export const MAX_HOLDS = 64
export const MAX_RESERVES = 64
export const MAX_KEYS = 32
/** Listings that a key may be limited to, and changes of policy announced at a time. This program's own bounds. */
export const MAX_KEY_LISTINGS = 100
export const MAX_PENDING_CHANGES = 16
/** How long in advance a change of policy by which somebody pays more has to be announced. */
export const POLICY_NOTICE_SECONDS = 7 * 86_400

/** How long a sequencer key signs on after another took its place; how many such keys there are at most (this program's own). */
export const RETIRED_KEY_SECONDS = 30 * 86_400
export const MAX_RETIRED_KEYS = 7
/** The last references of calls that query.charge keeps apart, for each payer and listing. */
export const MAX_CHARGE_REFERENCES = 1_000
/** Purchases of one licence or feature that run and are told apart for refunds. This program's own bound. */
export const MAX_PIECES = 16

/** What is bought for days ends before the year 10000 (times are written with four digits of the year): 9999-12-31T23:59:59Z. */
export const MAX_END_SECONDS = 253_402_300_799

/** Licences that one dataset listing offers, and plans that a ledger offers. This program's own bounds. */
export const MAX_LICENCES = 16
export const MAX_PLANS = 16

/** Models that a plan or an offer may have room for. This program's own bound. */
export const MAX_MODEL_LIMIT = 1_000
/** Payments that upgrades carry over into one period of a plan. This program's own bound. */
export const MAX_CARRIED_PAYMENTS = 64

/** How long after a closing of the books the next one may follow. */
export const MIN_CLOSING_INTERVAL_SECONDS = 3_600

/** Rounds in which a transaction type may name the rows it reads. */
export const MAX_READ_ROUNDS = 3

/**
 * Notes, and their bytes, waiting for the sequencer before it answers `busy`; the most that one commit holds. This program's own
 * bounds.
 */
export const MAX_QUEUED_NOTES = 100_000
export const MAX_QUEUED_BYTES = 128 * 1024 * 1024
export const MAX_COMMIT_NOTES = 4_000

/** Most entries of one account's statement, which is made in memory; a longer one is taken in parts. This program's own bound. */
export const MAX_STATEMENT_ENTRIES = 50_000

/** Transactions on their way to a hub: signed here, and not answered yet. This program's own bound. */
export const MAX_OUTBOX_NOTES = 10_000

/** Of an export that a page fetches; the command line writes longer ones. */
export const MAX_EXPORT_BYTES = 4 * 1024 ** 3
