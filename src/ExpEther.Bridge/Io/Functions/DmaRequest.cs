namespace ExpEther.Bridge.Io.Functions;

/// <summary>A device's DMA read or atomic that its owner has not answered fully.</summary>
/// <param name="Era">The function's era at that time: answers of an earlier one are swallowed.</param>
/// <param name="BytesLeft">Bytes still to come.</param>
internal readonly record struct DmaRequest(uint Era, int BytesLeft);
