/** Another key for the account: made here or elsewhere, for everything or within limits. */
import { TextInput } from '@mantine/core'
import { IconSignature } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Choices } from '../../components/choices.tsx'
import { DialogForm } from '../../components/dialog-form.tsx'
import { FailureNotice } from '../../components/layout.tsx'
import { useDesk } from '../../desk.tsx'
import { useSign } from '../../sign.tsx'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { isPast, NEW_KEY, publicKeyIn, termsOf } from './key-draft.ts'
import { KeyLimits } from './key-limits.tsx'

export function AddKey({ close }: { readonly close: () => void }) {
  const { acting, ledger } = useDesk()
  const sign = useSign()
  const trpc = useTRPC()
  const make = useMutation(trpc.keys.make.mutationOptions())
  const [draft, setDraft] = useState(NEW_KEY)
  const change = (part: Partial<typeof draft>) => setDraft({ ...draft, ...part })
  const { keys: t } = strings
  const terms = termsOf(draft, ledger.time)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (terms === undefined) return
    const { account } = acting
    const pasted = draft.place === 'elsewhere' ? publicKeyIn(draft.pasted) : undefined
    const publicKey = pasted ?? (await make.mutateAsync({ account, label: terms.label })).publicKey
    sign({ signer: account, type: 'key.add', body: { publicKey, ...terms }, taken: close })
  }
  const isWrongKey = draft.pasted.trim() !== '' && publicKeyIn(draft.pasted) === undefined
  return (
    <DialogForm
      title={t.add}
      size={520}
      close={close}
      // A failure to make the key is shown below.
      submit={(event) => void submit(event).catch(() => {})}
      action={strings.sign.review}
      icon={<IconSignature size={17} />}
      isComplete={terms !== undefined}
      isPending={make.isPending}
    >
      <TextInput
        label={t.label}
        description={t.labelHint}
        value={draft.label}
        maxLength={64}
        required
        data-autofocus
        onChange={(event) => change({ label: event.currentTarget.value })}
      />
      <Choices label={t.place} value={draft.place} of={t.places} choose={(place) => change({ place })} />
      {draft.place === 'elsewhere' && (
        <TextInput
          label={t.pasted}
          description={t.pastedHint}
          value={draft.pasted}
          required
          spellCheck={false}
          maxLength={512}
          classNames={{ input: 'mono' }}
          error={isWrongKey ? t.notPublic : undefined}
          onChange={(event) => change({ pasted: event.currentTarget.value })}
        />
      )}
      <Choices label={t.may} value={draft.power} of={t.powers} choose={(power) => change({ power })} />
      {draft.power === 'some' && <KeyLimits draft={draft} change={change} />}
      <TextInput
        type="date"
        label={t.lastDay}
        description={t.lastDayHint}
        value={draft.lastDay}
        error={isPast(draft, ledger.time) ? t.past : undefined}
        onChange={(event) => change({ lastDay: event.currentTarget.value })}
      />
      {make.error !== null && <FailureNotice error={make.error} />}
    </DialogForm>
  )
}
