/**
 * What the console's procedures answer, in JSON. Amounts are decimal texts of credits ("25", "-0.000001", never a number), times
 * RFC 3339 texts in UTC, bytes base64. Texts that people wrote (names, titles, descriptions) are foreign: a page shows them
 * isolated and never as markup.
 */

export type * from './views/common.ts'
export type * from './views/creator.ts'
export type * from './views/desk.ts'
export type * from './views/hub.ts'
export type * from './views/keys.ts'
export type * from './views/log.ts'
export type * from './views/market.ts'
export type * from './views/revenue.ts'
export type * from './views/sync.ts'
export type * from './views/transaction.ts'
export type * from './views/wallet.ts'
