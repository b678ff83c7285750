/** Founding a ledger: its name, and the passphrase that seals the keys that are made for it. */
import { TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Refused } from '../../../core/api/views.ts'
import { RefusalNotice } from '../../components/layout.tsx'
import { useEnter } from '../../enter.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { DoorForm } from './door-form.tsx'
import { isGood, NewPassphrase, NOTHING_CHOSEN } from './new-passphrase.tsx'

const DEFAULT_ORIGIN = 'ledger.local/credits'

export function Found({ back, dir }: { readonly back: () => void; readonly dir: string }) {
  const trpc = useTRPC()
  const enter = useEnter()
  const { door } = strings
  const [name, setName] = useState('')
  const [origin, setOrigin] = useState(DEFAULT_ORIGIN)
  const [chosen, setChosen] = useState(NOTHING_CHOSEN)
  const [isTried, setTried] = useState(false)
  const [refusal, setRefusal] = useState<Refused>()
  const found = useMutation(
    trpc.desk.found.mutationOptions({
      onSuccess: (answer) => (answer.status === 'refused' ? setRefusal(answer) : enter(answer.state)),
    }),
  )
  const nameFault = name.trim() === '' ? door.needed : undefined
  const submit = () => {
    setTried(true)
    setRefusal(undefined)
    if (nameFault === undefined && isGood(chosen)) {
      found.mutate({ name: name.trim(), origin: origin.trim(), passphrase: chosen.passphrase })
    }
  }
  return (
    <DoorForm
      title={door.found}
      lead={door.foundText}
      submit={submit}
      action={door.create}
      isPending={found.isPending}
      error={found.error}
      back={{ label: door.back, go: back }}
      dir={dir}
    >
      <TextInput
        label={door.name}
        description={door.nameHint}
        value={name}
        maxLength={64}
        autoFocus
        required
        error={isTried ? nameFault : undefined}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label={door.origin}
        description={door.originHint}
        value={origin}
        maxLength={128}
        spellCheck={false}
        onChange={(event) => setOrigin(event.currentTarget.value)}
      />
      <NewPassphrase chosen={chosen} choose={setChosen} hint={door.passphraseHint} isTried={isTried} />
      {refusal !== undefined && <RefusalNotice refusal={refusal} />}
    </DoorForm>
  )
}
