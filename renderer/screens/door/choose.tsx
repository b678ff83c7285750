/** A mirror without keys: whoever opens it first chooses the passphrase for those that will be made. */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { DeskState } from '../../../core/api/views.ts'
import { LastFailure } from '../../components/layout.tsx'
import { useEnter } from '../../enter.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { DoorForm } from './door-form.tsx'
import { isGood, NewPassphrase, NOTHING_CHOSEN } from './new-passphrase.tsx'

export function Choose({ desk }: { readonly desk: DeskState }) {
  const trpc = useTRPC()
  const [chosen, setChosen] = useState(NOTHING_CHOSEN)
  const [isTried, setTried] = useState(false)
  const unlock = useMutation(trpc.desk.unlock.mutationOptions({ onSuccess: useEnter() }))
  const submit = () => {
    setTried(true)
    if (isGood(chosen)) unlock.mutate({ passphrase: chosen.passphrase })
  }
  const { choose: t } = strings
  return (
    <DoorForm title={t.title} lead={t.lead} submit={submit} action={t.action} isPending={unlock.isPending} error={unlock.error}>
      <NewPassphrase chosen={chosen} choose={setChosen} hint={strings.door.keysHint} isTried={isTried} isFirst />
      {unlock.error === null && <LastFailure desk={desk} />}
    </DoorForm>
  )
}
