/** Which tool or agent asks: a consumer key, or an access token derived from one. */
export type Consumer = { readonly consumerKey: string } | { readonly accessToken: string };
