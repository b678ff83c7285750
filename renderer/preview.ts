/**
 * What the ledger would make of a transaction. On a page it follows what is filled in and what happens on the ledger; in the sign
 * dialog it is made anew each time, and stays as it was shown, because its very text is signed.
 */
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import type { Preview } from '../core/api/views.ts'
import type { SignRequest } from './sign.tsx'
import { useTRPC, useTRPCClient } from './trpc.ts'

type Draft = Pick<SignRequest, 'signer' | 'type' | 'body'>

const TYPING_MS = 250

/** Undefined as long as there is nothing to ask about, and until the answer is there. */
export function useForeseen(draft: Draft | undefined): Preview | undefined {
  const trpc = useTRPC()
  const [asked] = useDebouncedValue(draft && JSON.stringify(draft), TYPING_MS)
  const input = asked === undefined ? skipToken : JSON.parse(asked)
  const { data } = useQuery(trpc.transaction.preview.queryOptions(input, { placeholderData: keepPreviousData, staleTime: 0 }))
  return draft === undefined ? undefined : data
}

/** Not by the key of what pages foresee: their answer may be an hour old, and its text have been signed already. */
export function useTextToSign({ signer, type, body }: Draft) {
  const client = useTRPCClient()
  return useQuery({
    queryKey: ['text to sign', signer, type, body],
    queryFn: () => client.transaction.preview.query({ signer, type, body: body as never }),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  })
}
