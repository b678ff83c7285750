-- The tables stay as they are; what they hold is of other forms since then: outcomes with payments and their slices, rows with
-- wallets, keyrings and what was paid for which period. Nothing turns a book of version 1 with entries into one of version 2.
PRAGMA user_version = 2;
