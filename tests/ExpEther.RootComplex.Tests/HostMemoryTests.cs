using CsCheck;
using ExpEther.Pcie;
using ExpEther.RootComplex.Memory;

namespace ExpEther.RootComplex.Tests;

public class HostMemoryTests
{
    private const ulong Base = 0x1_0000_0000;

    [Theory]
    [InlineData(DmaRights.Read, DmaRights.Read, true)]
    [InlineData(DmaRights.Read, DmaRights.Write, false)]
    [InlineData(DmaRights.Write, DmaRights.Read, false)]
    [InlineData(DmaRights.ReadWrite, DmaRights.Write, true)]
    public void Devices_reach_a_buffer_with_its_rights_only(DmaRights given, DmaRights wanted, bool expected)
    {
        var memory = new HostMemory(Base, 1 << 20);
        var buffer = memory.Allocate(4096, 4096, given);

        Assert.Equal(expected, memory.TryGetSpan(buffer.Address, 64, wanted, out _));
    }

    [Fact]
    public void Nothing_is_mapped_before_allocation_after_freeing_or_across_two_buffers()
    {
        var memory = new HostMemory(Base, 1 << 20);
        Assert.False(memory.TryGetSpan(new HostAddress(Base), 4, DmaRights.Read, out _));
        var first = memory.Allocate(4096);
        var second = memory.Allocate(4096);
        Assert.Equal(first.Address.Value + 4096, second.Address.Value);
        Assert.False(memory.TryGetSpan(new HostAddress(first.Address.Value + 4092), 8, DmaRights.Read, out _));
        Assert.True(memory.TryGetSpan(new HostAddress(first.Address.Value + 4092), 4, DmaRights.Read, out _));

        memory.Free(first);

        Assert.False(memory.TryGetSpan(first.Address, 4, DmaRights.Read, out _));
        Assert.True(memory.TryGetSpan(second.Address, 4, DmaRights.Read, out _));
    }

    [Theory]
    [InlineData(0UL, 4)]
    [InlineData(Base - 4, 8)]
    [InlineData(Base + (1 << 20) - 4, 8)]
    [InlineData(ulong.MaxValue - 3, 4)]
    public void Addresses_outside_are_refused(ulong address, int bytes)
    {
        var memory = new HostMemory(Base, 1 << 20);
        memory.Allocate(1 << 20);

        Assert.False(memory.TryGetSpan(new HostAddress(address), bytes, DmaRights.Read, out _));
    }

    [Fact]
    public void Buffers_never_overlap_and_all_memory_comes_back() => Gen.Int[1, 40_000].List[1, 60].Sample(sizes =>
    {
        var memory = new HostMemory(Base, 1 << 20);
        var held = new List<DmaBuffer>();
        for (var i = 0; i < sizes.Count; i++)
        {
            if (memory.TryAllocate(sizes[i], 4096, DmaRights.ReadWrite, out var buffer))
            {
                Assert.All(held, other => Assert.True(
                    buffer.Address.Value + (ulong)buffer.Bytes <= other.Address.Value || other.Address.Value + (ulong)other.Bytes <= buffer.Address.Value));
                held.Add(buffer);
            }

            if (i % 3 == 2 && held.Count > 0)
            {
                memory.Free(held[i % held.Count]);
                held.RemoveAt(i % held.Count);
            }
        }

        held.ForEach(memory.Free);
        Assert.Equal(0, memory.AllocatedBytes);
        Assert.True(memory.TryAllocate(1 << 20, 4096, DmaRights.Read, out _), "all of it is free again");
    });
}
