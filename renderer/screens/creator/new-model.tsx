/** A new model: its name, its base, the digest of its weights. */
import { Group, Text, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { DialogForm } from '../../components/dialog-form.tsx'
import { DIGEST, DigestField } from '../../components/digest-field.tsx'
import { useDesk } from '../../desk.tsx'
import { useSign } from '../../sign.tsx'
import { strings } from '../../strings.ts'

export function NewModel({ close }: { readonly close: () => void }) {
  const { acting } = useDesk()
  const sign = useSign()
  const [name, setName] = useState('')
  const [base, setBase] = useState('')
  const [artifact, setArtifact] = useState('')
  const [description, setDescription] = useState('')
  const { models: t } = strings
  const isComplete = name.trim() !== '' && base.trim() !== '' && DIGEST.test(artifact)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const body = { name: name.trim(), base: base.trim(), artifact, description: description.trim() }
    sign({ signer: acting.account, type: 'model.create', body, taken: close })
  }
  return (
    <DialogForm title={t.createTitle} size={560} close={close} submit={submit} action={t.create} isComplete={isComplete}>
      <Text c="dimmed">{t.createLead}</Text>
      <Group grow align="flex-start">
        <TextInput
          label={t.name}
          value={name}
          maxLength={64}
          required
          data-autofocus
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput label={t.base} value={base} maxLength={64} required onChange={(event) => setBase(event.currentTarget.value)} />
      </Group>
      <DigestField label={t.artifact} description={t.artifactHint} value={artifact} change={setArtifact} />
      <Textarea
        label={t.description}
        value={description}
        maxLength={2000}
        autosize
        minRows={2}
        maxRows={6}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
    </DialogForm>
  )
}
