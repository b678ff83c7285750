/** What the ledger takes for the name of whoever moves money outside of it. */
export const PROVIDER = /^[a-z0-9-]{1,32}$/
