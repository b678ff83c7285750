/** A program that has many signatures verified and ends, without a word to its workers. Prints which were bad, and by whom. */

import { createHash } from 'node:crypto'
import { utf8 } from '../../core/base/bytes.ts'
import { sodiumVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { keyPair } from '../../core/drivers/sodium/signer.ts'
import { createVerifier } from '../../core/drivers/sodium/verifier.ts'

let workers = 0
process.on('worker', () => {
  workers += 1
})
const { publicKey, sign } = keyPair(createHash('sha256').update('child').digest())
const [message, other] = [utf8('message'), utf8('another message')]
const [good, bad] = [sign(message), sign(other)]
const checks = Array.from({ length: 2_100 }, (_, i) => ({ publicKey, message, signature: i === 7 ? bad : good }))
const valid = await createVerifier({ threads: 2 }).verify(checks)
const library = sodiumVerifier() === undefined ? 'node' : 'sodium'
process.stdout.write(JSON.stringify({ library, bad: valid.flatMap((one, i) => (one ? [] : [i])), workers }))
