using System.Text.Json.Nodes;
using ExpEther.Core.Scheduling;

namespace ExpEther.Daemon.Control;

/// <summary>
/// One call of a client, as its command sees it: arguments, progress, and bulk data in both directions. When the client has gone,
/// <see cref="IsAbandoned"/> is true, data cannot be sent and no more comes; a command that changes something finishes all the same.
/// </summary>
public sealed class ControlCall
{
    /// <summary>How long a command waits for a client that does not read; the connection's own limits end it before.</summary>
    private static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(ControlLimits.DrainSecondsMax + 5);

    private static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(ControlLimits.InputPauseSecondsMax);

    private readonly ControlConnection _connection;
    private readonly Queue<byte[]> _input = new();
    private int _inputOffset;
    private bool _isInputEnded;

    internal ControlCall(ControlConnection connection, JsonNode id, JsonObject arguments, OwnerScheduler scheduler)
    {
        _connection = connection;
        Id = id;
        Arguments = new ControlArguments(arguments);
        Changed = new OwnerSignal(scheduler);
    }

    public ControlArguments Arguments { get; }

    public bool IsAbandoned { get; private set; }

    /// <summary>The client ended its data, by a data line of 0 bytes.</summary>
    public bool IsInputWhole => _isInputEnded;

    internal JsonNode Id { get; }

    internal long InputBytes { get; private set; }

    /// <summary>Its answer was made; what still comes for it is thrown away.</summary>
    internal bool IsEnded { get; private set; }

    /// <summary>It has as much as it can digest for now.</summary>
    internal bool IsFull => !IsEnded && !IsAbandoned && InputBytes >= ControlLimits.InputBytesHigh;

    internal OwnerSignal Changed { get; }

    /// <summary>Tells the client how far it is. Dropped when the client reads too slowly.</summary>
    public void Progress(JsonObject progress)
    {
        if (!IsAbandoned && _connection.OutputBytes < ControlLimits.OutputBytesHigh)
        {
            _connection.Send(new JsonObject { ["id"] = Id.DeepClone(), ["progress"] = progress });
        }
    }

    /// <summary>Sends raw bytes, waiting while the client has much to read.</summary>
    /// <returns>False: the client has gone.</returns>
    public async Task<bool> SendDataAsync(ReadOnlyMemory<byte> data)
    {
        Check.That(data.Length is > 0 and <= ControlLimits.DataBytesMax);
        var isRoom = await Changed.WaitUntil(() => IsAbandoned || _connection.OutputBytes < ControlLimits.OutputBytesHigh, ReadPatience);
        if (!isRoom || IsAbandoned)
        {
            return false;
        }

        _connection.Send(new JsonObject { ["id"] = Id.DeepClone(), ["data"] = data.Length }, data.Span);
        return true;
    }

    /// <summary>Fills <paramref name="into"/> with the client's raw bytes.</summary>
    /// <returns>
    /// Fewer bytes than asked for only when the client ended its data (<see cref="IsInputWhole"/>), has gone, or sent nothing for
    /// <see cref="ControlLimits.InputPauseSecondsMax"/>.
    /// </returns>
    public async Task<int> ReceiveDataAsync(Memory<byte> into)
    {
        var got = 0;
        while (got < into.Length)
        {
            if (!_input.TryPeek(out var chunk))
            {
                if (_isInputEnded || IsAbandoned || !await Changed.WaitUntil(() => _input.Count > 0 || _isInputEnded || IsAbandoned, WritePatience))
                {
                    break;
                }

                continue;
            }

            var take = Math.Min(chunk.Length - _inputOffset, into.Length - got);
            chunk.AsMemory(_inputOffset, take).CopyTo(into[got..]);
            got += take;
            _inputOffset += take;
            InputBytes -= take;
            if (_inputOffset == chunk.Length)
            {
                _input.Dequeue();
                _inputOffset = 0;
            }
        }

        return got;
    }

    internal void Deliver(byte[] data)
    {
        if (IsEnded)
        {
            return;
        }

        if (data.Length == 0)
        {
            _isInputEnded = true;
        }
        else if (!_isInputEnded)
        {
            _input.Enqueue(data);
            InputBytes += data.Length;
        }

        Changed.Set();
    }

    internal void End()
    {
        IsEnded = true;
        _input.Clear();
        InputBytes = 0;
        _inputOffset = 0;
    }

    internal void Abandon()
    {
        IsAbandoned = true;
        Changed.Set();
    }
}
