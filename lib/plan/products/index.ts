import type { ProductName } from '../../digests/release.ts';
import { classic } from './classic/index.ts';
import { essHelm } from './ess-helm/index.ts';
import type { Product } from './product.ts';

/** Every product line: a folder with this one line of registration. */
const PRODUCTS: Readonly<Record<ProductName, Product>> = { classic, 'ess-helm': essHelm };

/** The product line of a release. */
export function productOf({ product }: { readonly product: ProductName }): Product {
  return PRODUCTS[product];
}
