/** A list that the console gives part by part: each part says where the next begins. */
import { useInfiniteQuery } from '@tanstack/react-query'

interface Part<Next> {
  readonly next?: Next
}

interface PartByPart<Item> {
  readonly items: readonly Item[] | undefined
  readonly error: unknown
  readonly more: { readonly isLoading: boolean; load(): void } | undefined
  refetch(): void
}

/**
 * `path` is the procedure's, so that whatever makes its answers out of date reaches the list too; `input` tells lists of one
 * procedure apart.
 */
export function usePartByPart<Given extends Part<Next>, Item, Next extends number | string>(
  path: readonly unknown[],
  input: object,
  ask: (next: Next | undefined) => Promise<Given>,
  itemsOf: (part: Given) => readonly Item[],
): PartByPart<Item> {
  const parts = useInfiniteQuery({
    queryKey: [...path, { parts: input }],
    queryFn: ({ pageParam }) => ask(pageParam as Next | undefined),
    initialPageParam: undefined as Next | undefined,
    getNextPageParam: ({ next }) => next,
  })
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = parts
  return {
    items: data?.pages.flatMap(itemsOf),
    error: data === undefined ? error : null,
    more: hasNextPage ? { isLoading: isFetchingNextPage, load: () => void fetchNextPage() } : undefined,
    refetch: () => void refetch(),
  }
}
