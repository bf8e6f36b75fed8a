using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Link.Sealing;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Setup;

/// <summary>
/// The answering side of set-up. Every INIT under a new nonce makes a pending session and an ACCEPT; another INIT under that nonce, of this
/// size or another, only has an ACCEPT sent. An ACCEPT is as long as the INIT it answers: so the initiator learns what passes both ways, and
/// nobody gets more bytes out of this side than he sent to it. A pending session comes into use with the first authentic frame of its epoch,
/// which states the MTU that the initiator found; until then the epoch in use stays untouched, so a replayed INIT does no harm: nobody can
/// confirm it. The oldest pending session makes room for a newer one.
/// It also answers, by STALE and not too often, frames of epochs it does not know, so that a peer learns of our restart at once.
/// </summary>
internal sealed class ResponderHandshake(LinkOptions options, SetupSeal seal, IRandomSource random)
{
    private readonly Pending?[] _pending = new Pending?[LinkLimits.PendingSetupsMax];
    private int _nextSlot;
    private ulong _frames;
    private uint _lastEpoch;
    private uint _staleEpoch;
    private Instant _staleAfter;

    public bool FrameDue => _staleEpoch != 0 || AcceptDue() is not null;

    /// <summary>Takes an authentic INIT.</summary>
    /// <returns>False: no version in common.</returns>
    public bool OnInit(SetupMessage message)
    {
        if (message.VersionMin > FrameLayout.CurrentVersion || message.VersionMax < FrameLayout.CurrentVersion)
        {
            return false;
        }

        foreach (var known in _pending)
        {
            if (known is not null && known.Session.InitiatorNonce.AsSpan().SequenceEqual(message.InitiatorNonce))
            {
                known.Answer(message.SizeBytes);
                return true;
            }
        }

        var nonce = new byte[SetupLayout.NonceBytes];
        random.Fill(nonce);
        _pending[_nextSlot]?.Session.Dispose();
        var pending = new Pending(new Session(options, NextEpoch(message.KnownEpoch), message.InitiatorNonce, nonce, message.Parameters));
        pending.Answer(message.SizeBytes);
        _pending[_nextSlot] = pending;
        _nextSlot = (_nextSlot + 1) % _pending.Length;
        return true;
    }

    /// <summary>The pending session of an epoch, or null.</summary>
    public Session? Find(uint epoch)
    {
        foreach (var pending in _pending)
        {
            if (pending is not null && pending.Session.Epoch == epoch)
            {
                return pending.Session;
            }
        }

        return null;
    }

    /// <summary>Forgets all pending sessions; the one that came into use is the caller's now.</summary>
    public void Clear(Session? except)
    {
        for (var i = 0; i < _pending.Length; i++)
        {
            if (_pending[i] is { } pending && pending.Session != except)
            {
                pending.Session.Dispose();
            }

            _pending[i] = null;
        }

        _staleEpoch = 0;
    }

    /// <summary>A frame of an epoch came that we do not know.</summary>
    public void OnUnknownEpoch(uint epoch, Instant now)
    {
        if (epoch != 0 && now >= _staleAfter)
        {
            _staleEpoch = epoch;
            _staleAfter = now + options.StaleAnswer;
        }
    }

    /// <summary>Writes the ACCEPT or STALE that is due.</summary>
    /// <returns>Bytes written from the header on.</returns>
    public int Write(uint epochInUse, Span<byte> into)
    {
        if (AcceptDue() is { } pending)
        {
            var session = pending.Session;
            var message = new SetupMessage
            {
                InitiatorNonce = session.InitiatorNonce,
                ResponderNonce = session.ResponderNonce,
                Epoch = session.Epoch,
                KnownEpoch = epochInUse,
                Parameters = SetupParameters.Of(options),
                SizeBytes = pending.TakeSize(),
            };
            return message.Write(FrameType.Accept, ++_frames, seal, into);
        }

        var length = FrameLayout.Bytes + seal.TagBytes;
        var header = new FrameHeader
        {
            Type = FrameType.Stale,
            Flags = seal.IsSealed ? FrameFlags.Sealed : FrameFlags.None,
            Length = (ushort)length,
            Epoch = _staleEpoch,
            FrameNumber = ++_frames,
        };
        _staleEpoch = 0;
        header.Write(into);
        seal.Close(into[..length]);
        return length;
    }

    private Pending? AcceptDue()
    {
        foreach (var pending in _pending)
        {
            if (pending is { AcceptDue: true })
            {
                return pending;
            }
        }

        return null;
    }

    /// <summary>Epochs count up from the highest either side remembers; when neither does, from a random one. 0 is never used.</summary>
    private uint NextEpoch(uint peersLast)
    {
        var last = Math.Max(_lastEpoch, peersLast);
        if (last == 0)
        {
            Span<byte> bytes = stackalloc byte[4];
            random.Fill(bytes);
            last = BinaryPrimitives.ReadUInt32LittleEndian(bytes) >> 1;
        }

        _lastEpoch = last == uint.MaxValue ? 1 : last + 1;
        return _lastEpoch;
    }

    private sealed class Pending(Session session)
    {
        private readonly Queue<int> _sizes = new(LinkLimits.SetupSizesMax);

        public Session Session { get; } = session;

        public bool AcceptDue => _sizes.Count > 0;

        /// <summary>An INIT of this size came. The same size again, before it was answered, is answered once.</summary>
        public void Answer(int sizeBytes)
        {
            if (_sizes.Count < LinkLimits.SetupSizesMax && !_sizes.Contains(sizeBytes))
            {
                _sizes.Enqueue(sizeBytes);
            }
        }

        public int TakeSize() => _sizes.Dequeue();
    }
}
