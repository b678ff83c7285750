/** Messages over a stream of bytes: four bytes of length, big-endian, then as many bytes. */

import type { Socket } from 'node:net'

const LENGTH_BYTES = 4

export function frame(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Passes on each whole message. Hangs up on one that is too long, or that began and does not arrive in time. */
export function readFrames(
  socket: Socket,
  limits: { readonly maximum: number; readonly timeoutMs: number },
  take: (bytes: Buffer) => void,
  hangUp: () => void,
): void {
  let received: Buffer = Buffer.alloc(0)
  let timer: NodeJS.Timeout | undefined
  const stop = () => {
    clearTimeout(timer)
    socket.off('data', onData)
    hangUp()
  }
  const onData = (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    while (received.length >= LENGTH_BYTES) {
      const length = received.readUInt32BE(0)
      if (length > limits.maximum) return stop()
      if (received.length < LENGTH_BYTES + length) break
      take(received.subarray(LENGTH_BYTES, LENGTH_BYTES + length))
      received = received.subarray(LENGTH_BYTES + length)
    }
    clearTimeout(timer)
    if (received.length > 0) timer = setTimeout(stop, limits.timeoutMs)
  }
  socket.on('data', onData)
  socket.on('close', () => clearTimeout(timer))
}
