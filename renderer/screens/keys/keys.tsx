/** The keys by which the account that acts signs: what each may do, where it is, and what can be done about it. */
import { Alert, Button, Stack } from '@mantine/core'
import { IconDeviceLaptop, IconDownload, IconFileText, IconKey, IconRestore } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import type { KeyPage, KeyView } from '../../../core/api/views.ts'
import { BringKeys } from '../../components/bring-keys.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { Answered, Page, Panel } from '../../components/layout.tsx'
import { useDesk } from '../../desk.tsx'
import { isolated } from '../../format.ts'
import { href, leave, useRoute } from '../../route.ts'
import { strings } from '../../strings.ts'
import { useTRPC } from '../../trpc.ts'
import { AddKey } from './add-key.tsx'
import { BackUp } from './back-up.tsx'
import { columnsOf } from './columns.tsx'

export function Keys() {
  const { acting } = useDesk()
  const { thing } = useRoute()
  const trpc = useTRPC()
  const list = useQuery(trpc.keys.list.queryOptions({ account: acting.account }))
  const { keys: t } = strings
  const close = () => leave(href('keys'))
  const actions = (
    <>
      <Button variant="default" leftSection={<IconRestore size={17} />} component="a" href={href('keys', 'bring')}>
        {strings.bring.title}
      </Button>
      <Button variant="default" leftSection={<IconDownload size={17} />} component="a" href={href('keys', 'backup')}>
        {t.backUp}
      </Button>
      {acting.sheet !== undefined && (
        <Button variant="default" leftSection={<IconFileText size={17} />} component="a" href={href('keys', 'sheet')}>
          {strings.recovery.again}
        </Button>
      )}
      <Button leftSection={<IconKey size={17} />} component="a" href={href('keys', 'add')}>
        {t.add}
      </Button>
    </>
  )
  return (
    <Page title={t.title} lead={t.lead} actions={actions}>
      <Answered query={list} lines={5}>
        {(page) => <KeyPanels page={page} />}
      </Answered>
      {thing === 'add' && <AddKey close={close} />}
      {thing === 'backup' && <BackUp close={close} />}
      {thing === 'bring' && <BringKeys close={close} />}
    </Page>
  )
}

/** What may be lost: the one key that signs everything, or what is on no recovery sheet. */
function Warning({ isOneLeft }: { readonly isOneLeft: boolean }) {
  const { acting, desk } = useDesk()
  const { keys: t, recovery } = strings
  const isMissing = acting.sheet === 'missing' && !desk.isDemo
  if (!isOneLeft && !isMissing) return null
  return (
    <Alert
      className="notice"
      data-tone="warn"
      icon={isOneLeft ? <IconDeviceLaptop size={18} /> : <IconFileText size={18} />}
      title={isOneLeft ? t.oneLeft : recovery.missing}
    >
      <Stack gap="xs" align="flex-start">
        {isOneLeft ? t.oneLeftText : recovery.missingText}
        {isMissing && (
          <Button size="xs" variant="default" component="a" href={href('keys', 'sheet')}>
            {recovery.make}
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

function KeyPanels({ page }: { readonly page: KeyPage }) {
  const [revoking, revoke] = useState<KeyView>()
  const { keys, ended, limit } = page
  const columns = useMemo(() => ({ living: columnsOf(page, revoke), ended: columnsOf(page) }), [page])
  const { keys: t } = strings
  return (
    <>
      <Warning isOneLeft={keys.some(({ isLastMaster }) => isLastMaster)} />
      <Panel title={t.living} aside={t.count(keys.length, limit)} flush>
        <DataTable label={t.living} columns={columns.living} rows={keys} rowKey={({ key }) => key} />
      </Panel>
      {ended.length > 0 && (
        <Panel title={t.ended} flush>
          <DataTable label={t.ended} columns={columns.ended} rows={ended} rowKey={({ key }) => key} />
        </Panel>
      )}
      {revoking !== undefined && <Revoke of={revoking} close={() => revoke(undefined)} />}
    </>
  )
}

function Revoke({ of: { key, label }, close }: { readonly of: KeyView; readonly close: () => void }) {
  const { acting } = useDesk()
  const { keys: t } = strings
  return (
    <FormDialog
      title={`${t.revoke}: ${isolated(label ?? t.first)} (${key})`}
      lead={t.revokeLead}
      fields={[{ name: 'reason', label: strings.reason, description: strings.accounts.reasonHint, maxLength: 128 }]}
      request={{ signer: acting.account, type: 'key.revoke', body: { key } }}
      close={close}
    />
  )
}
