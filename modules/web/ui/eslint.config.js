import a11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'public', 'src/api/schema.d.ts', 'eslint.config.js', 'vite.config.ts', 'finish.js'] },
  ...tseslint.configs.strictTypeChecked,
  a11y.flatConfigs.strict,
  {
    plugins: { 'react-hooks': hooks },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      // A redirect of the router is thrown, and is no Error.
      '@typescript-eslint/only-throw-error': 'off',
      // The field that a key press opened is where the user wants to be.
      'jsx-a11y/no-autofocus': 'off',
      // A container may hear the keys of the controls inside it.
      'jsx-a11y/no-noninteractive-element-interactions': 'off',
      'max-lines': ['error', 500],
    },
  },
);
