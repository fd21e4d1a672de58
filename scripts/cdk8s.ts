// What the command-line tool has of cdk8s, in one file beside it: see build.sh.
export * from 'cdk8s';
export { Construct } from 'constructs';
