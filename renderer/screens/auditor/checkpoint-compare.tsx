/** Two checkpoints side by side, pasted or dropped: who signed each, and whether both can be of one log. */
import { Button, FileButton, Group, Stack, Text, Textarea } from '@mantine/core'
import { IconFile } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { toBase64, utf8 } from '../../../core/base/bytes.ts'
import { MAX_EVIDENCE_BYTES } from '../../../core/base/limits.ts'
import { useDrop } from '../../components/drop-zone.tsx'
import { FailureNotice, Panel } from '../../components/layout.tsx'
import { Unfold } from '../../components/unfold.tsx'
import { strings } from '../../strings.ts'
import { useTRPCClient } from '../../trpc.ts'
import { Compared } from './compared.tsx'

const { compare: t } = strings
const SIDES = ['first', 'second'] as const

export function CheckpointCompare() {
  const client = useTRPCClient()
  const [texts, setTexts] = useState({ first: '', second: '' })
  const [vkeys, setVkeys] = useState('')
  const check = useMutation({
    mutationFn: () => {
      const [first, second] = SIDES.map((side) => toBase64(utf8(texts[side])))
      const given = vkeys.split(/\s+/).filter((vkey) => vkey !== '')
      return client.log.compare.query({ first: first!, ...(texts.second.trim() !== '' && { second }), vkeys: given })
    },
  })
  const change = (part: Partial<typeof texts>) => {
    setTexts((before) => ({ ...before, ...part }))
    check.reset()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (texts.first.trim() !== '') check.mutate()
  }
  return (
    <Panel title={t.title}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <Text size="sm">{t.lead}</Text>
          <div className="sides">
            {SIDES.map((side) => (
              <GivenText key={side} side={side} text={texts[side]} change={(text) => change({ [side]: text })} />
            ))}
          </div>
          <Unfold title={t.furtherKeys}>
            <Textarea
              mt="xs"
              label={t.vkeys}
              description={t.vkeysHint}
              autosize
              minRows={2}
              maxRows={6}
              spellCheck={false}
              classNames={{ input: 'given-text' }}
              value={vkeys}
              onChange={(event) => {
                setVkeys(event.currentTarget.value)
                check.reset()
              }}
            />
          </Unfold>
          <Group justify="flex-end">
            <Button type="submit" loading={check.isPending} disabled={texts.first.trim() === ''}>
              {t.compare}
            </Button>
          </Group>
          {check.error !== null && <FailureNotice error={check.error} />}
          {check.data !== undefined && <Compared found={check.data} />}
        </Stack>
      </form>
    </Panel>
  )
}

interface GivenTextProps {
  readonly side: (typeof SIDES)[number]
  readonly text: string
  readonly change: (text: string) => void
}

/** All that can be given is text, whatever file it came in. */
function GivenText({ side, text, change }: GivenTextProps) {
  const take = (file: File) =>
    void file
      .slice(0, MAX_EVIDENCE_BYTES + 1)
      .text()
      .then(change)
  const { isOver, handlers } = useDrop(take)
  return (
    <div className="given" data-over={isOver || undefined} {...handlers}>
      <Textarea
        label={t.sides[side]}
        description={t.hints[side]}
        placeholder={t.placeholder}
        autosize
        minRows={6}
        maxRows={10}
        spellCheck={false}
        classNames={{ input: 'given-text' }}
        value={text}
        onChange={(event) => change(event.currentTarget.value)}
      />
      <FileButton onChange={(file) => file !== null && take(file)} inputProps={{ 'aria-label': t.choose[side] }}>
        {(props) => (
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            className="quiet-button"
            leftSection={<IconFile size={14} />}
            {...props}
          >
            {t.choose[side]}
          </Button>
        )}
      </FileButton>
    </div>
  )
}
