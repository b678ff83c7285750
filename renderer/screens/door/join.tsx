/** Joining a hub: its address and the key of its log, what it shows, and the passphrase for the keys that will be made. */
import { Textarea, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type KeyboardEvent, useState } from 'react'
import type { HubShown } from '../../../core/api/views.ts'
import { Fingerprint } from '../../components/fingerprint.tsx'
import { Facts } from '../../components/layout.tsx'
import { TokenInput } from '../../components/token-input.tsx'
import { useEnter } from '../../enter.ts'
import { formatCount } from '../../format.ts'
import { href } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { DoorForm } from './door-form.tsx'
import { isGood, NewPassphrase, NOTHING_CHOSEN } from './new-passphrase.tsx'

interface JoinProps {
  readonly back: () => void
  readonly dir: string
}

/** A hub that was looked at, and the token that it was looked at with. */
interface Seen {
  readonly hub: HubShown
  readonly token: string
}

export function Join({ back, dir }: JoinProps) {
  const [seen, setSeen] = useState<Seen>()
  if (seen === undefined) return <Ask back={back} shown={setSeen} />
  return <Confirm {...seen} back={() => setSeen(undefined)} dir={dir} />
}

/** Where the hub is, and whose log it serves. */
function Ask({ back, shown }: { readonly back: () => void; readonly shown: (seen: Seen) => void }) {
  const trpc = useTRPC()
  const { door } = strings
  const [url, setUrl] = useState('')
  const [vkey, setVkey] = useState('')
  const [typed, setToken] = useState('')
  const token = typed.trim()
  const examine = useMutation(trpc.desk.examineHub.mutationOptions({ onSuccess: (hub) => shown({ hub, token }) }))
  const submit = () => examine.mutate({ url: url.trim(), vkey: vkey.trim(), ...(token !== '' && { token }) })
  return (
    <DoorForm
      title={door.join}
      lead={door.joinText}
      submit={submit}
      action={door.look}
      isIncomplete={url.trim() === '' || vkey.trim() === ''}
      isPending={examine.isPending}
      error={examine.error}
      back={{ label: door.back, go: back }}
    >
      <TextInput
        label={door.url}
        description={door.urlHint}
        value={url}
        maxLength={2000}
        required
        autoFocus
        spellCheck={false}
        inputMode="url"
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <Textarea
        label={door.vkey}
        description={door.vkeyHint}
        value={vkey}
        maxLength={512}
        required
        autosize
        minRows={2}
        spellCheck={false}
        classNames={{ input: 'mono' }}
        onChange={(event) => setVkey(event.currentTarget.value)}
        onKeyDown={goOn}
      />
      <TokenInput value={typed} change={setToken} />
    </DoorForm>
  )
}

/** A key is one line, however it is wrapped: Enter goes on as in the other fields. */
function goOn(event: KeyboardEvent<HTMLTextAreaElement>): void {
  if (event.key !== 'Enter') return
  event.preventDefault()
  event.currentTarget.form?.requestSubmit()
}

/** What it shows, to be compared with what its operator says. */
function Confirm({ hub, token, back, dir }: Seen & JoinProps) {
  const trpc = useTRPC()
  const { door, sync } = strings
  const [chosen, setChosen] = useState(NOTHING_CHOSEN)
  const [isTried, setTried] = useState(false)
  const join = useMutation(trpc.desk.join.mutationOptions({ onSuccess: useEnter() }))
  const { url, vkey, origin, size } = hub
  const submit = () => {
    setTried(true)
    if (!isGood(chosen)) return
    // The console opens where the hub is told of.
    window.history.replaceState(null, '', href('sync'))
    join.mutate({ url, vkey, passphrase: chosen.passphrase, ...(token !== '' && { token }) })
  }
  return (
    <DoorForm
      title={door.compare}
      lead={door.compareText}
      submit={submit}
      action={door.isSame}
      isPending={join.isPending}
      error={join.error}
      back={{ label: door.other, go: back }}
      dir={dir}
    >
      <Facts
        rows={[
          [sync.hub, <bdi key="hub">{url}</bdi>],
          [sync.origin, <bdi key="origin">{origin}</bdi>],
          [sync.entries, formatCount(size)],
          [sync.fingerprint, <Fingerprint key="fingerprint" vkey={vkey} />],
        ]}
      />
      <NewPassphrase chosen={chosen} choose={setChosen} hint={door.keysHint} isTried={isTried} isFirst />
    </DoorForm>
  )
}
