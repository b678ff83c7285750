/** Changing a listing: its form filled in as it stands, of which whatever differs is signed. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ListingView, ModelList } from '../../../core/api/views.ts'
import { FailureNotice } from '../../components/layout.tsx'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { changesOf, draftOf, type ListingDraft, lostIn } from './listing-draft.ts'
import { ListingForm } from './publish.tsx'

interface ChangeListingProps {
  readonly listing: string
  readonly list: ModelList
  readonly close: () => void
}

export function ChangeListing({ listing, ...rest }: ChangeListingProps) {
  const trpc = useTRPC()
  const found = useQuery(trpc.market.listing.queryOptions({ listing }))
  if (found.error !== null) return <FailureNotice error={found.error} />
  return found.data !== undefined && <Change key={found.data.version} listing={found.data} {...rest} />
}

function Change({ listing, list, close }: Omit<ChangeListingProps, 'listing'> & { readonly listing: ListingView }) {
  const [draft, setDraft] = useState<ListingDraft>(() => draftOf(listing))
  const lost = lostIn(listing, draft)
  const { publish: t } = strings
  return (
    <ListingForm
      title={t.changeTitle}
      type="listing.update"
      {...{ draft, list, close }}
      body={changesOf(listing, draft)}
      fault={lost && t.cannotRemove(t.fields[lost] ?? lost)}
      change={(part) => setDraft((before) => ({ ...before, ...part }))}
    />
  )
}
