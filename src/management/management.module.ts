import { type DynamicModule, Module } from '@nestjs/common';

/** The root of the management application. */
@Module({})
export class ManagementModule {
  static with(features: readonly DynamicModule[]): DynamicModule {
    return { module: ManagementModule, imports: [...features] };
  }
}
