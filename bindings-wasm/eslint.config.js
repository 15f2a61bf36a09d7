import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "ts/glue", "test/packaging/*/dist"] },
  {
    files: ["ts/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Numbers read well in messages.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // Rust throws its errors as plain objects; they become errors where they leave the worker.
      "@typescript-eslint/only-throw-error": "off",
    },
  },
  { files: ["test/**/*.mjs", "*.js"], extends: [tseslint.configs.base] },
);
