/**
 * Bringing a ledger back from a backup: it is audited before anything is there. Its own passphrase opens it then, or keys that
 * are brought with it.
 */
import { Checkbox, TextInput } from '@mantine/core'
import { useState } from 'react'
import { KeySource, NOTHING_BROUGHT, sourceOf } from '../../components/key-source.tsx'
import { useEnter } from '../../enter.ts'
import { useSecretCall } from '../../secret-call.ts'
import { strings } from '../../strings.ts'
import { useTRPCClient } from '../../trpc.ts'
import { DoorForm } from './door-form.tsx'
import { isGood, NewPassphrase, NOTHING_CHOSEN } from './new-passphrase.tsx'

export function Restore({ back, dir }: { readonly back: () => void; readonly dir: string }) {
  const api = useTRPCClient()
  const [file, setFile] = useState('')
  const [isBringing, setBringing] = useState(false)
  const [brought, bring] = useState(NOTHING_BROUGHT)
  const [chosen, setChosen] = useState(NOTHING_CHOSEN)
  const [isTried, setTried] = useState(false)
  const { door, bring: t } = strings
  const source = isBringing ? sourceOf(brought) : undefined
  const restore = useSecretCall((given: typeof source) => {
    const keys = given && { source: given, passphrase: chosen.passphrase }
    return api.desk.restore.mutate({ file: file.trim(), ...(keys && { keys }) })
  }, useEnter())
  const submit = () => {
    setTried(true)
    if (!isBringing || isGood(chosen)) restore.run(source)
  }
  return (
    <DoorForm
      title={door.restore}
      lead={door.restoreText}
      submit={submit}
      action={door.restoreAction}
      isIncomplete={file.trim() === '' || (isBringing && source === undefined)}
      isPending={restore.isPending}
      error={restore.error}
      back={{ label: door.back, go: back }}
      dir={dir}
    >
      <TextInput
        label={door.file}
        description={door.fileHint}
        value={file}
        maxLength={4096}
        required
        autoFocus
        spellCheck={false}
        classNames={{ input: 'mono' }}
        onChange={(event) => setFile(event.currentTarget.value)}
      />
      <Checkbox
        label={t.withIt}
        description={t.withItHint}
        checked={isBringing}
        onChange={(event) => setBringing(event.currentTarget.checked)}
      />
      {isBringing && (
        <>
          <KeySource brought={brought} bring={bring} />
          <NewPassphrase chosen={chosen} choose={setChosen} hint={door.passphraseHint} isTried={isTried} />
        </>
      )}
    </DoorForm>
  )
}
