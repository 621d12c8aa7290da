// Which field is open, of the current row or of all that are marked, and where focus goes when it closes.
import { useCallback, useState } from 'react';
import type { RowField } from './TaskRow';

interface Editor {
  field: RowField;
  /** The row it was opened from, and where that stood. */
  key: number | null;
  at: number;
  many: boolean;
}

export function useEditing(focusRow: (key: number | null, at: number) => void) {
  const [editor, setEditor] = useState<Editor | null>(null);
  const end = useCallback(() => {
    setEditor(null);
    if (!editor) return;
    // Whoever clicked elsewhere has the focus there already.
    requestAnimationFrame(() => {
      const { activeElement } = document;
      if (activeElement === document.body || activeElement?.matches(`[data-row="${editor.key}"]`)) focusRow(editor.key, editor.at);
    });
  }, [editor, focusRow]);
  const of = (key: number): RowField | null => (editor && !editor.many && editor.key === key ? editor.field : null);
  return { editor, begin: setEditor, end, of, many: editor?.many && editor.field !== 'title' ? editor.field : null };
}
