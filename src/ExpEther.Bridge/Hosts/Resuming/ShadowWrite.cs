namespace ExpEther.Bridge.Hosts.Resuming;

/// <summary>One DW to be written again.</summary>
/// <param name="IsConfig">A configuration write; else a memory write.</param>
/// <param name="Address">The register's offset, or Mem_H; DW aligned.</param>
/// <param name="Value">Little-endian.</param>
/// <param name="Enables">Which bytes, bits 3:0; 0: nothing.</param>
internal readonly record struct ShadowWrite(bool IsConfig, ulong Address, uint Value, int Enables);
