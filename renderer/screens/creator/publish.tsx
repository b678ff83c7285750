/** Publishing a listing: what it sells at which prices, what is left of each, and why the ledger would not take it, if so. */
import { Drawer, SegmentedControl, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { IconSignature } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import type { ModelList } from '../../../core/api/views.ts'
import { FormActions } from '../../components/dialog-form.tsx'
import { RefusalNotice } from '../../components/layout.tsx'
import { useDesk } from '../../desk.tsx'
import { useForeseen } from '../../preview.ts'
import { go, href } from '../../route.ts'
import { type Body, type SignRequest, useCloseOnEscape, useSign } from '../../sign.tsx'
import { strings } from '../../strings.ts'
import { Calculator } from './calculator.tsx'
import { bodyOf, EMPTY_DRAFT, type ListingDraft } from './listing-draft.ts'
import { DatasetFields, FeatureFields, ModelFields } from './publish-fields.tsx'

interface PublishProps {
  readonly list: ModelList
  readonly model: string | undefined
  readonly close: () => void
}

const KINDS = ['model', 'dataset', 'feature'] as const

export function Publish({ list, model, close }: PublishProps) {
  const [draft, setDraft] = useState<ListingDraft>({ ...EMPTY_DRAFT, model: firstModel(list, model) })
  const accepted = ({ created }: { created?: string }) => created !== undefined && go(href('market', created))
  // Not back, as when it is closed: what was published is shown next, and two ways at once lead nowhere.
  const taken = () => go(href('models'), { replace: true })
  return (
    <ListingForm
      title={strings.publish.title}
      type="listing.publish"
      {...{ draft, list, close, accepted, taken }}
      body={bodyOf(draft)}
      change={(part) => setDraft((before) => ({ ...before, ...part }))}
      choose={(kind) => ({ kind, model: kind === 'feature' ? '' : firstModel(list, model) })}
    />
  )
}

interface ListingFormProps {
  readonly title: string
  readonly type: 'listing.publish' | 'listing.update'
  readonly draft: ListingDraft
  readonly change: (part: Partial<ListingDraft>) => void
  /** What changes with the kind; a listing that exists keeps its own. */
  readonly choose?: (kind: ListingDraft['kind']) => Partial<ListingDraft>
  readonly list: ModelList
  /** What to sign, once everything is filled in. */
  readonly body: Body | undefined
  /** Why there is none, where that is not seen at a field. */
  readonly fault?: string | undefined
  readonly accepted?: SignRequest['accepted']
  /** The ledger has it: closes the form, if nothing else is said. */
  readonly taken?: () => void
  readonly close: () => void
}

export function ListingForm({
  title,
  type,
  draft,
  change,
  choose,
  list,
  body,
  fault,
  accepted,
  close,
  taken = close,
}: ListingFormProps) {
  const { acting } = useDesk()
  const sign = useSign()
  const { publish: t } = strings
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (body !== undefined) sign({ signer: acting.account, type, body, taken, ...(accepted && { accepted }) })
  }
  return (
    <Drawer
      opened
      onClose={close}
      closeOnEscape={useCloseOnEscape()}
      position="right"
      size={860}
      title={title}
      closeButtonProps={{ 'aria-label': strings.close }}
    >
      <form onSubmit={submit} className="publish">
        <Stack className="publish-form">
          {choose !== undefined && (
            <SegmentedControl
              aria-label={t.kind}
              value={draft.kind}
              onChange={(kind) => change(choose(kind))}
              data={KINDS.map((value) => ({ value, label: strings.kinds[value] }))}
            />
          )}
          <Texts draft={draft} change={change} />
          {draft.kind === 'model' && <ModelFields {...{ draft, change, list }} isNew={choose !== undefined} />}
          {draft.kind === 'dataset' && <DatasetFields draft={draft} change={change} />}
          {draft.kind === 'feature' && <FeatureFields {...{ draft, change, list }} isNew={choose !== undefined} />}
        </Stack>
        <Stack className="publish-side">
          <Calculator draft={draft} />
          {fault !== undefined && (
            <Text size="sm" role="alert">
              {fault}
            </Text>
          )}
          <WouldBeRefused type={type} body={body} />
          <FormActions close={close} action={t.submit} icon={<IconSignature size={17} />} isComplete={body !== undefined} />
        </Stack>
      </form>
    </Drawer>
  )
}

function Texts({ draft, change }: Pick<ListingFormProps, 'draft' | 'change'>) {
  const { publish: t } = strings
  return (
    <>
      <TextInput
        label={t.listingTitle}
        value={draft.title}
        maxLength={120}
        required
        data-autofocus
        onChange={(event) => change({ title: event.currentTarget.value })}
      />
      <Textarea
        label={t.description}
        description={t.descriptionHint}
        value={draft.description}
        maxLength={2000}
        autosize
        minRows={2}
        maxRows={5}
        onChange={(event) => change({ description: event.currentTarget.value })}
      />
    </>
  )
}

/** The one that was asked for, or the first that is deployed and not listed yet. */
function firstModel({ models }: ModelList, asked: string | undefined): string {
  const deployed = models.filter(({ isDeployed }) => isDeployed)
  const unlisted = deployed.find(({ listings }) => listings.length === 0)
  return asked ?? (unlisted ?? deployed[0])?.model ?? ''
}

/** What the ledger says of the draft, before anything is asked. */
function WouldBeRefused({ type, body }: Pick<ListingFormProps, 'type' | 'body'>) {
  const { acting } = useDesk()
  const preview = useForeseen(body && { signer: acting.account, type, body })
  return preview?.status === 'refused' && <RefusalNotice refusal={preview} />
}
