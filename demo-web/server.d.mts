export declare const CONTENT_SECURITY_POLICY: string;
export declare function serve(options: {
  folder: string;
  port?: number;
  isolation?: boolean;
}): Promise<{ url: string; close: () => Promise<void> }>;
