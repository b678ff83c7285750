/** Everything that an asynchronous sequence gives, in order. */
export async function every<T>(sequence: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of sequence) found.push(one)
  return found
}
