import type { ComponentProps } from 'react';
import ReactMarkdown from 'react-markdown';
import css from './TaskPage.module.css';

/** Nothing of a note is fetched by itself, and nothing in it knows where it was opened from. */
const components = {
  a: ({ href, children }: ComponentProps<'a'>) => (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  ),
  img: ({ alt, src }: ComponentProps<'img'>) => <span>{alt ?? (typeof src === 'string' ? src : '')}</span>,
  h1: ({ children }: ComponentProps<'h1'>) => <h3>{children}</h3>,
  h2: ({ children }: ComponentProps<'h2'>) => <h4>{children}</h4>,
};

/** HTML in it stays text; links are http, https or mailto only (react-markdown's own rule). */
export const Markdown = ({ text }: { text: string }) => (
  <div className={css.markdown} dir="auto">
    <ReactMarkdown components={components}>{text}</ReactMarkdown>
  </div>
);
