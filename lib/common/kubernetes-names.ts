// Patterns of names in Kubernetes ("Object Names and IDs") for the configuration and the validation.

const LABEL = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';

/** RFC 1123 label: the name of a Namespace, Service or Job. */
export const DNS_LABEL = new RegExp(`^${LABEL}$`);

/** RFC 1123 subdomain: the name of most other objects. */
export const DNS_SUBDOMAIN = new RegExp(`^(?=.{1,253}$)${LABEL}(\\.${LABEL})*$`);
