namespace ExpEther.Simulation;

/// <summary>What all machines of one fabric agree on; chosen by the seed.</summary>
internal sealed record FabricSettings(bool Sealed, byte[] Key, int MtuBytes, int QueuePairs, int Slots, TimeSpan AttentionDelay);
