import { useMutation } from '@tanstack/react-query';
import { useState, type DragEvent } from 'react';
import { api, data, download } from '../../api/client';
import type { components } from '../../api/schema';
import { newKey } from '../../lib/secure';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import { showToast } from '../../state/toasts';
import { Button, classes } from '../../ui/controls';
import { saveFile } from '../activity/export';
import { Problem } from './Parts';
import css from './Settings.module.css';

type Report = components['schemas']['ImportReport'];

const types: Record<string, 'text/calendar' | 'text/markdown' | 'application/json'> = {
  ics: 'text/calendar',
  ical: 'text/calendar',
  md: 'text/markdown',
  markdown: 'text/markdown',
  txt: 'text/markdown',
  json: 'application/json',
};

async function importFile(file: File, dryRun: boolean, key: string): Promise<Report> {
  const type = types[file.name.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'text/markdown';
  const text = await file.text();
  return data(
    api.POST('/api/import', {
      params: { query: { dry_run: dryRun, file_name: file.name.slice(0, 255) }, header: dryRun ? {} : { 'Idempotency-Key': key } },
      body: text as never,
      bodySerializer: (body) => body as never,
      headers: { 'Content-Type': type },
    }),
  );
}

function DryRun({ report }: { report: Report }) {
  return (
    <>
      <p role="status">
        {m.settings.dryRun(report.added)} {report.known > 0 && m.settings.known(report.known)} {report.broken > 0 && m.settings.skipped(report.broken)}
      </p>
      <div className={css.table}>
        <table>
          <tbody>
            {report.items.slice(0, 100).map(({ line, title, outcome }) => (
              <tr key={line} data-outcome={outcome}>
                <td>{line}</td>
                <td dir="auto">{title}</td>
                <td>{m.settings.outcomes[outcome]}</td>
              </tr>
            ))}
            {report.problems.slice(0, 100).map(({ line, message }, index) => (
              <tr key={`problem-${index}`} data-outcome="refused">
                <td>{line}</td>
                <td colSpan={2}>{message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Import() {
  const { sync } = useApp();
  const [file, setFile] = useState<{ file: File; key: string } | null>(null);
  const [over, setOver] = useState(false);
  const trial = useMutation({ mutationFn: (chosen: File) => importFile(chosen, true, '') });
  const run = useMutation({
    mutationFn: ({ file: chosen, key }: { file: File; key: string }) => importFile(chosen, false, key),
    onSuccess: ({ added }) => {
      showToast(m.settings.imported(added));
      trial.reset();
      setFile(null);
      sync.retryLoad();
    },
  });
  const choose = (chosen: File | undefined): void => {
    if (!chosen) return;
    setFile({ file: chosen, key: newKey() });
    run.reset();
    trial.mutate(chosen);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    choose(event.dataTransfer.files[0]);
  };
  return (
    <div className={css.group}>
      <h3>{m.settings.importTitle}</h3>
      {/* Dragging has its twin: the file field inside. */}
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        className={classes(css.drop, over && css.over)}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <p>{m.settings.importHint}</p>
        <label className={css.file}>
          {m.settings.choose}
          <input type="file" className="hidden" accept=".ics,.ical,.md,.markdown,.txt,.json" onChange={(event) => choose(event.target.files?.[0])} />
        </label>
      </div>
      <Problem error={trial.error ?? run.error} />
      {trial.data && file && (
        <>
          <DryRun report={trial.data} />
          <Button look="primary" disabled={run.isPending || trial.data.added === 0} onClick={() => run.mutate(file)}>
            {m.settings.importNow(trial.data.added)}
          </Button>
        </>
      )}
    </div>
  );
}

function Export() {
  const save = useMutation({
    mutationFn: async (format: 'json' | 'ical') => {
      const answer = await download(`/api/export?format=${format}`);
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      saveFile(format === 'ical' ? 'carillon.ics' : 'carillon.json', answer.headers.get('Content-Type') ?? '', await answer.blob());
    },
  });
  return (
    <div className={css.group}>
      <h3>{m.settings.exportTitle}</h3>
      <p className={css.hint}>{m.settings.exportHint}</p>
      <div className={css.buttons}>
        <Button onClick={() => save.mutate('json')}>{m.settings.formats.json}</Button>
        <Button onClick={() => save.mutate('ical')}>{m.settings.formats.ics}</Button>
      </div>
      <Problem error={save.error} />
    </div>
  );
}

export const Transfer = () => (
  <>
    <Export />
    <Import />
  </>
);
